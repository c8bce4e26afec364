// Package types is the wire of the module: its queries and its genesis. Their
// records are words of package feed.
package types

import (
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
)

// RegisterInterfaces registers nothing: the module has no messages, since only
// other modules write feeds.
func RegisterInterfaces(codectypes.InterfaceRegistry) {}
