package main

import (
	"errors"
	"os"

	cmtcfg "github.com/cometbft/cometbft/config"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cobra"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/client/pruning"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/client/snapshot"
	"github.com/cosmos/cosmos-sdk/server"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authcli "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/hallmark-ledger/hallmark/app"
	"github.com/hallmark-ledger/hallmark/node/hallmarkd/accesscli"
	"github.com/hallmark-ledger/hallmark/node/hallmarkd/consortiumcli"
	"github.com/hallmark-ledger/hallmark/node/hallmarkd/feedcli"
	"github.com/hallmark-ledger/hallmark/node/hallmarkd/genesis"
	"github.com/hallmark-ledger/hallmark/node/hallmarkd/identitycli"
)

// newRoot makes the command line. A throw-away application in memory lends it
// the codecs.
func newRoot() *cobra.Command {
	lender := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, noOptions{})
	base := client.Context{}.
		WithCodec(lender.Codec).
		WithInterfaceRegistry(lender.Registry).
		WithTxConfig(lender.TxConfig).
		WithLegacyAmino(lender.Amino).
		WithInput(os.Stdin).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(app.DefaultHome()).
		WithViper("HALLMARKD")

	root := &cobra.Command{
		Use:   "hallmarkd",
		Short: "A node of the Hallmark ledger, and the ledger's command line",
		Long: `A node of the Hallmark ledger, and the ledger's command line.

Hallmark records who a device is and what it may do, on a chain that member
organisations run together. Gateways follow it and decide locally.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          client.ValidateCmd,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.OutOrStdout())
			cmd.SetErr(cmd.ErrOrStderr())
			c, err := client.ReadPersistentCommandFlags(base.WithCmdContext(cmd.Context()), cmd.Flags())
			if err != nil {
				return err
			}
			if c, err = config.ReadFromClientConfig(c); err != nil {
				return err
			}
			if err := client.SetCmdClientContextHandler(c, cmd); err != nil {
				return err
			}
			if !needsNode(cmd) {
				return nil
			}
			return server.InterceptConfigsPreRunHandler(cmd, serverconfig.DefaultConfigTemplate, nodeConfig(), cometConfig())
		},
	}
	persistent := root.PersistentFlags()
	persistent.String(flags.FlagHome, app.DefaultHome(), "directory of configuration, keys and data")
	persistent.String(flags.FlagChainID, "", "chain id (default: the one in client.toml, else the node's)")
	persistent.String(flags.FlagLogLevel, "info", "log level (trace|debug|info|warn|error|none or '*:<level>,<key>:<level>')")
	persistent.String(flags.FlagLogFormat, "plain", "log format (json|plain)")
	persistent.Bool(flags.FlagLogNoColor, os.Getenv("NO_COLOR") != "", "no colours in the log")
	persistent.String(flags.FlagVerboseLogLevel, "debug", "log level of operations that ask for more")
	persistent.Bool(server.FlagTrace, false, "print the whole stack with an error")
	root.AddCommand(
		genesis.InitCommand(lender.Basics(), app.DefaultHome()),
		genesis.Command(lender.Basics()),
		transactions(),
		queries(),
		identitycli.OfflineCommand(),
		keys.Commands(),
		server.StatusCommand(),
		pruning.Cmd(newApp, app.DefaultHome()),
		snapshot.Cmd(newApp),
	)
	server.AddCommands(root, app.DefaultHome(), newApp, export, func(*cobra.Command) {})
	return root
}

// needsNode tells whether a command works on a node's home; those that only
// talk to a node read no node's configuration.
func needsNode(cmd *cobra.Command) bool {
	for c := cmd; c.HasParent(); c = c.Parent() {
		switch c.Name() {
		case "tx", "query", "keys", "identity", "status", "version", "completion", "help":
			return false
		}
	}
	return true
}

func transactions() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tx",
		Short: "Change the ledger: each command waits for its block",
		RunE:  client.ValidateCmd,
	}
	cmd.AddCommand(
		identitycli.TxCommand(),
		accesscli.TxCommand(),
		authcli.GetSignCommand(),
		authcli.GetMultiSignCommand(),
		authcli.GetBroadcastCommand(),
		authcli.GetEncodeCommand(),
		authcli.GetDecodeCommand(),
	)
	return cmd
}

func queries() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "query",
		Aliases: []string{"q"},
		Short:   "Read the ledger",
		RunE:    client.ValidateCmd,
	}
	cmd.AddCommand(
		feedcli.QueryCommand(),
		consortiumcli.QueryCommand(),
		identitycli.QueryCommand(),
		accesscli.QueryCommand(),
		server.QueryBlockCmd(),
		server.QueryBlocksCmd(),
		server.QueryBlockResultsCmd(),
		rpc.ValidatorCommand(),
		authcli.QueryTxCmd(),
		authcli.QueryTxsByEventsCmd(),
	)
	return cmd
}

// cometConfig is CometBFT's defaults with blocks of about a second and metrics
// on loopback.
func cometConfig() *cmtcfg.Config {
	c := cmtcfg.DefaultConfig()
	c.Consensus.TimeoutCommit = genesis.CommitTimeout
	c.Instrumentation.Prometheus = true
	c.Instrumentation.PrometheusListenAddr = "127.0.0.1:26660"
	return c
}

// nodeConfig is the SDK's defaults without fees, with REST and gRPC on loopback
// and a bound on the gas of a query.
func nodeConfig() *serverconfig.Config {
	c := serverconfig.DefaultConfig()
	c.MinGasPrices = "0stake"
	c.QueryGasLimit = 50_000_000
	c.API.Enable = true
	return c
}

// noOptions has no option: the throw-away application needs none.
type noOptions struct{}

// Get implements servertypes.AppOptions.
func (noOptions) Get(string) any { return nil }

func newApp(logger log.Logger, db dbm.DB, options servertypes.AppOptions) servertypes.Application {
	return app.New(logger, db, true, options, server.DefaultBaseappOptions(options)...)
}

func export(logger log.Logger, db dbm.DB, height int64, zeroHeight bool, _ []string, options servertypes.AppOptions, modules []string) (servertypes.ExportedApp, error) {
	if home, _ := options.Get(flags.FlagHome).(string); home == "" {
		return servertypes.ExportedApp{}, errors.New("home: not set")
	}
	a := app.New(logger, db, height == -1, options)
	if height != -1 {
		if err := a.LoadVersion(height); err != nil {
			return servertypes.ExportedApp{}, err
		}
	}
	return a.Export(zeroHeight, modules)
}
