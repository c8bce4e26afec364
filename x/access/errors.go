package access

import (
	errorsmod "cosmossdk.io/errors"
	"google.golang.org/grpc/codes"
)

// Errors of the module. Their codes are stable.
var (
	// ErrInvalid means that a field is malformed or out of its bounds.
	ErrInvalid = errorsmod.RegisterWithGRPCCode(ModuleName, 2, codes.InvalidArgument, "invalid")
	// ErrSegmentUnknown means that no segment has the id.
	ErrSegmentUnknown = errorsmod.RegisterWithGRPCCode(ModuleName, 3, codes.NotFound, "segment unknown")
	// ErrSegmentExists means that the owner already has a segment of that slug.
	ErrSegmentExists = errorsmod.RegisterWithGRPCCode(ModuleName, 4, codes.AlreadyExists, "segment exists")
	// ErrOverlap means that a prefix overlaps one of another segment of the owner.
	ErrOverlap = errorsmod.RegisterWithGRPCCode(ModuleName, 5, codes.AlreadyExists, "prefixes overlap")
	// ErrNotOwner means that the signer's member does not own the object.
	ErrNotOwner = errorsmod.RegisterWithGRPCCode(ModuleName, 6, codes.PermissionDenied, "not the owner")
	// ErrGrantUnknown means that the segment holds no grant of that id: it was
	// never given, or was pruned after it expired.
	ErrGrantUnknown = errorsmod.RegisterWithGRPCCode(ModuleName, 7, codes.NotFound, "grant unknown")
	// ErrGrantRevoked means that the grant was revoked before.
	ErrGrantRevoked = errorsmod.RegisterWithGRPCCode(ModuleName, 8, codes.FailedPrecondition, "grant already revoked")
	// ErrDeviceState means that a device in that step of life takes no grant.
	ErrDeviceState = errorsmod.RegisterWithGRPCCode(ModuleName, 9, codes.FailedPrecondition, "device takes no grant")
	// ErrNotAdmitted means that the device's owner has not admitted the segment.
	ErrNotAdmitted = errorsmod.RegisterWithGRPCCode(ModuleName, 10, codes.FailedPrecondition, "segment not admitted")
	// ErrTooMany means that a bound on the number of things is reached.
	ErrTooMany = errorsmod.RegisterWithGRPCCode(ModuleName, 11, codes.ResourceExhausted, "too many")
	// ErrCorrupt means that the state is not what this module wrote.
	ErrCorrupt = errorsmod.RegisterWithGRPCCode(ModuleName, 12, codes.Internal, "corrupt state")
)
