package keeper

import (
	"context"
	"strconv"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// MsgServer handles the messages of the module. Every handler begins with the
// signer's member and role, so that a message is checked alike whether it came
// directly or nested.
type MsgServer struct{ Keeper }

var _ types.MsgServer = MsgServer{}

// emit tells of a success; verb is the message's. The attribute "id" is for ids
// that the message created, and nothing else.
func emit(ctx context.Context, verb string, attributes ...sdk.Attribute) {
	sdk.UnwrapSDKContext(ctx).EventManager().EmitEvent(sdk.NewEvent(identity.ModuleName+"_"+verb, attributes...))
}

// attribute is one fact of an event.
func attribute(key, value string) sdk.Attribute { return sdk.NewAttribute(key, value) }

// number is one numeric fact of an event.
func number(key string, value uint64) sdk.Attribute {
	return sdk.NewAttribute(key, strconv.FormatUint(value, 10))
}
