package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/app/proposal"
	accesstypes "github.com/hallmark-ledger/hallmark/x/access/types"
	identitytypes "github.com/hallmark-ledger/hallmark/x/identity/types"
)

// weigh says what a message weighs in a block, before it runs. What it really
// changes, with fan-out, is held to the same share by x/feed when it runs.
func weigh(msg sdk.Msg) proposal.Message {
	switch m := msg.(type) {
	case *identitytypes.MsgSuspend, *identitytypes.MsgRetire, *identitytypes.MsgRevoke, *identitytypes.MsgRevokeRows:
		return proposal.Message{Changes: 1, Narrows: true}
	case *accesstypes.MsgRevoke:
		return proposal.Message{Changes: uint64(len(m.Grants)), Narrows: true}
	case *accesstypes.MsgGrant:
		return proposal.Message{Changes: uint64(len(m.Grants))}
	default:
		return proposal.Message{Changes: 1}
	}
}
