package identity

import "cosmossdk.io/errors"

// Errors of the module. The text that wraps them names the field.
var (
	ErrInvalid       = errors.Register(ModuleName, 2, "invalid")
	ErrID            = errors.Register(ModuleName, 3, "malformed device id")
	ErrKey           = errors.Register(ModuleName, 4, "unusable public key")
	ErrKeyUsed       = errors.Register(ModuleName, 5, "key used before")
	ErrSignature     = errors.Register(ModuleName, 6, "signature does not verify")
	ErrProof         = errors.Register(ModuleName, 7, "inclusion proof does not verify")
	ErrDeviceUnknown = errors.Register(ModuleName, 8, "device unknown")
	ErrBatchUnknown  = errors.Register(ModuleName, 9, "batch unknown")
	ErrStep          = errors.Register(ModuleName, 10, "illegal step of a device's life")
	ErrNotOwner      = errors.Register(ModuleName, 11, "not the device's owner")
	ErrNotMaker      = errors.Register(ModuleName, 12, "not the batch's maker")
	ErrRowRevoked    = errors.Register(ModuleName, 13, "row revoked")
	ErrOwner         = errors.Register(ModuleName, 14, "member cannot own devices")
	ErrCorrupt       = errors.Register(ModuleName, 15, "corrupt state")
)
