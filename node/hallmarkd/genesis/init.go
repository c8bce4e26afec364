package genesis

import (
	"time"

	"github.com/cometbft/cometbft/privval"
	"github.com/spf13/cobra"

	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/types/module"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
)

// CommitTimeout gives blocks of about a second.
const CommitTimeout = 900 * time.Millisecond

// InitCommand is `init`: the SDK's, with blocks of a second and our limits of a
// block.
func InitCommand(basics module.BasicManager, home string) *cobra.Command {
	cmd := genutilcli.InitCmd(basics, home)
	cmd.Use = "init MONIKER"
	cmd.Short = "Make a node's home: its keys, its configuration and an empty genesis"
	cmd.Example = "hallmarkd init plant-a --chain-id hallmark-1"
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		config := server.GetServerContextFromCmd(cmd).Config
		config.Consensus.TimeoutCommit = CommitTimeout
		config.RPC.PprofListenAddress = "" // a taken port would end the node
		if err := inner(cmd, args); err != nil {
			return err
		}
		genesis, err := genutiltypes.AppGenesisFromFile(config.GenesisFile())
		if err != nil {
			return err
		}
		// Without a bound of CometBFT's own, the whole mempool is offered to
		// PrepareProposal: what narrows is found however long the queue is.
		// The bounds of a block are the consortium's.
		genesis.Consensus.Params.Block.MaxBytes = -1
		genesis.Consensus.Params.Block.MaxGas = -1
		return genesis.SaveAs(config.GenesisFile())
	}
	return cmd
}

// ownKey reads the consensus key of this node.
func ownKey(keyFile, stateFile string) (cryptotypes.PubKey, error) {
	pv := privval.LoadFilePVEmptyState(keyFile, stateFile)
	pk, err := pv.GetPubKey()
	if err != nil {
		return nil, err
	}
	return cryptocodec.FromCmtPubKeyInterface(pk)
}
