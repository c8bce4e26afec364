// Package types is the wire of identities: messages, queries and genesis.
package types

import (
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
)

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgEnroll{}, &MsgEnrollBatch{}, &MsgActivate{},
		&MsgCommission{}, &MsgSuspend{}, &MsgResume{}, &MsgRetire{}, &MsgRevoke{},
		&MsgRevokeRows{},
	)
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
