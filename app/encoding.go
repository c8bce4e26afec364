package app

import (
	"os"
	"path/filepath"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/tx/signing"
)

// Bech32Prefix of addresses.
const Bech32Prefix = "hallmark"

// DefaultHome is where a node lives unless told otherwise: ~/.hallmarkd.
func DefaultHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ".hallmarkd"
	}
	return filepath.Join(home, ".hallmarkd")
}

// SetAddressPrefix tells the SDK our prefix. The mains call it once, before
// anything else.
func SetAddressPrefix() {
	config := sdk.GetConfig()
	config.SetBech32PrefixForAccount(Bech32Prefix, Bech32Prefix+"pub")
	config.SetBech32PrefixForValidator(Bech32Prefix+"valoper", Bech32Prefix+"valoperpub")
	config.SetBech32PrefixForConsensusNode(Bech32Prefix+"valcons", Bech32Prefix+"valconspub")
	config.Seal()
}

// Encoding is how transactions and states are written.
type Encoding struct {
	Registry codectypes.InterfaceRegistry
	Codec    codec.Codec
	TxConfig client.TxConfig
	Amino    *codec.LegacyAmino
}

// NewEncoding makes an encoding that knows the SDK's types; [New] adds those of
// the modules.
func NewEncoding() Encoding {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: signing.Options{
			AddressCodec:          address.Bech32Codec{Bech32Prefix: Bech32Prefix},
			ValidatorAddressCodec: address.Bech32Codec{Bech32Prefix: Bech32Prefix + "valoper"},
		},
	})
	if err != nil {
		panic(err)
	}
	e := Encoding{Registry: registry, Codec: codec.NewProtoCodec(registry), Amino: codec.NewLegacyAmino()}
	e.TxConfig = authtx.NewTxConfig(e.Codec, authtx.DefaultSignModes)
	std.RegisterInterfaces(registry)
	std.RegisterLegacyAminoCodec(e.Amino)
	return e
}
