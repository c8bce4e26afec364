package identity

import (
	"fmt"

	"cosmossdk.io/errors"
	"google.golang.org/grpc/codes"
)

// Errors of the module. Their codes are stable; the text that wraps them names
// the field.
var (
	// ErrInvalid means that a field is out of its bounds or malformed.
	ErrInvalid = errors.RegisterWithGRPCCode(ModuleName, 2, codes.InvalidArgument, "invalid")
	// ErrID means that a device id is not the canonical spelling of one.
	ErrID = errors.RegisterWithGRPCCode(ModuleName, 3, codes.InvalidArgument, "malformed device id")
	// ErrKey means that a public key is malformed or of an algorithm not taken.
	ErrKey = errors.RegisterWithGRPCCode(ModuleName, 4, codes.InvalidArgument, "unusable public key")
	// ErrKeyUsed means that a key was a device's before: no key is used twice.
	ErrKeyUsed = errors.RegisterWithGRPCCode(ModuleName, 5, codes.AlreadyExists, "key used before")
	// ErrSignature means that a signature is of another key or statement.
	ErrSignature = errors.RegisterWithGRPCCode(ModuleName, 6, codes.InvalidArgument, "signature does not verify")
	// ErrProof means that a path does not lead from the row to the batch's root.
	ErrProof = errors.RegisterWithGRPCCode(ModuleName, 7, codes.InvalidArgument, "inclusion proof does not verify")
	// ErrDeviceUnknown means that no device has the id.
	ErrDeviceUnknown = errors.RegisterWithGRPCCode(ModuleName, 8, codes.NotFound, "device unknown")
	// ErrBatchUnknown means that no batch has the id.
	ErrBatchUnknown = errors.RegisterWithGRPCCode(ModuleName, 9, codes.NotFound, "batch unknown")
	// ErrStep means that a device of this status may not take the step.
	ErrStep = errors.RegisterWithGRPCCode(ModuleName, 10, codes.FailedPrecondition, "illegal step of a device's life")
	// ErrNotOwner means that the device belongs to another member.
	ErrNotOwner = errors.RegisterWithGRPCCode(ModuleName, 11, codes.PermissionDenied, "not the device's owner")
	// ErrNotMaker means that another member enrolled the batch.
	ErrNotMaker = errors.RegisterWithGRPCCode(ModuleName, 12, codes.PermissionDenied, "not the batch's maker")
	// ErrRowRevoked means that the row can no longer be activated.
	ErrRowRevoked = errors.RegisterWithGRPCCode(ModuleName, 13, codes.FailedPrecondition, "row revoked")
	// ErrOwner means that the member named is unknown or not active.
	ErrOwner = errors.RegisterWithGRPCCode(ModuleName, 14, codes.FailedPrecondition, "member cannot own devices")
	// ErrCorrupt means that the state is not what this module wrote.
	ErrCorrupt = errors.RegisterWithGRPCCode(ModuleName, 15, codes.Internal, "corrupt state")
)

// fault says where and why, of an error of a registered kind. It is plainer than
// the SDK's wrapping, which notes the file and line of the program: what a
// gateway tells a stranger should not.
type fault struct {
	text  string
	cause error
}

// wrap puts text before an error and keeps its kind.
func wrap(cause error, format string, args ...any) error {
	return &fault{fmt.Sprintf(format, args...), cause}
}

// Error implements error.
func (f *fault) Error() string { return f.text + ": " + f.cause.Error() }

// Unwrap is for errors.Is.
func (f *fault) Unwrap() error { return f.cause }

// Cause is for cosmossdk.io/errors, which finds code and code space by it.
func (f *fault) Cause() error { return f.cause }
