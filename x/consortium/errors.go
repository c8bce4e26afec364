package consortium

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved, 0 is success.
var (
	ErrMemberUnknown  = errors.Register(ModuleName, 2, "member unknown")
	ErrAccountUnknown = errors.Register(ModuleName, 3, "account belongs to no member")
	ErrNotActive      = errors.Register(ModuleName, 4, "member is not active")
	ErrRole           = errors.Register(ModuleName, 5, "account lacks the role")
	ErrFee            = errors.Register(ModuleName, 6, "transactions carry no fee")
	ErrInvalid        = errors.Register(ModuleName, 7, "invalid")
	ErrShare          = errors.Register(ModuleName, 8, "over the member's share of a block")
)
