package feed

import (
	errorsmod "cosmossdk.io/errors"
	"google.golang.org/grpc/codes"
)

// Errors of the module. Their codes are stable.
var (
	// ErrFeedUnknown means that no feed has the name.
	ErrFeedUnknown = errorsmod.RegisterWithGRPCCode(ModuleName, 2, codes.NotFound, "feed unknown")
	// ErrFeedExists means that the name was used before, perhaps by a feed that
	// is closed: names are never reused.
	ErrFeedExists = errorsmod.RegisterWithGRPCCode(ModuleName, 3, codes.AlreadyExists, "feed exists")
	// ErrFeedClosed means that the feed takes no more changes.
	ErrFeedClosed = errorsmod.RegisterWithGRPCCode(ModuleName, 4, codes.FailedPrecondition, "feed closed")
	// ErrQuota means that the payer's changes of this block are used up.
	ErrQuota = errorsmod.RegisterWithGRPCCode(ModuleName, 5, codes.ResourceExhausted, "quota of changes exceeded")
	// ErrHistoryPruned means that removals after the sequence asked for are no
	// longer listed. Its text is the token that clients look for.
	ErrHistoryPruned = errorsmod.RegisterWithGRPCCode(ModuleName, 6, codes.FailedPrecondition, "history_pruned")
	// ErrSharedUnknown means that no shared record has the key.
	ErrSharedUnknown = errorsmod.RegisterWithGRPCCode(ModuleName, 7, codes.NotFound, "shared record unknown")
	// ErrFanOut means that a shared record already stands in MaxFanOut feeds.
	ErrFanOut = errorsmod.RegisterWithGRPCCode(ModuleName, 8, codes.ResourceExhausted, "too many subscriptions")
	// ErrInvalid means that a name, key or value is out of its bounds.
	ErrInvalid = errorsmod.RegisterWithGRPCCode(ModuleName, 9, codes.InvalidArgument, "invalid")
	// ErrCorrupt means that the state is not what this module wrote.
	ErrCorrupt = errorsmod.RegisterWithGRPCCode(ModuleName, 10, codes.Internal, "corrupt state")
)
