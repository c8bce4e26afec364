package deps

import (
	_ "cosmossdk.io/client/v2/autocli"
	_ "cosmossdk.io/collections"
	_ "github.com/cometbft/cometbft/light"
	_ "github.com/cosmos/cosmos-sdk/server"
	_ "github.com/cosmos/cosmos-sdk/x/auth"
	_ "github.com/cosmos/cosmos-sdk/x/consensus"
	_ "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	_ "github.com/cosmos/cosmos-sdk/x/upgrade"
	_ "github.com/ipfs/go-cid"
	_ "github.com/cosmos/ics23/go"
	_ "go.etcd.io/bbolt"
	_ "lukechampine.com/blake3"
	_ "pgregory.net/rapid"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/gorilla/websocket"
)
