// Package submit sends transactions from the command line and waits for their
// block, so that a command's exit code tells whether the ledger took it.
package submit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/tx"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	flagNoWait  = "no-wait"
	flagOrdered = "ordered"
	flagExpires = "expires-in"
)

// AddFlags adds the flags of a transaction to a command.
func AddFlags(cmd *cobra.Command) {
	flags.AddTxFlagsToCmd(cmd)
	f := cmd.Flags()
	// The SDK's confirmations, fees and time-outs have no place here.
	for _, name := range []string{
		flags.FlagFees, flags.FlagGasPrices, flags.FlagFeePayer, flags.FlagFeeGranter, flags.FlagTip, flags.FlagAux,
		flags.FlagSkipConfirmation, flags.FlagUnordered, flags.TimeoutDuration, flags.FlagTimeoutHeight,
		flags.FlagBroadcastMode, flags.FlagUseLedger,
	} {
		if err := f.MarkHidden(name); err != nil {
			panic(err)
		}
	}
	preset(cmd, flags.FlagGas, flags.GasFlagAuto)
	preset(cmd, flags.FlagGasAdjustment, "1.5")
	preset(cmd, flags.FlagOutput, flags.OutputFormatText)
	f.Lookup(flags.FlagGas).Usage = `gas limit, or "auto" to simulate first`
	f.Bool(flagNoWait, false, "do not wait for the block")
	f.Bool(flagOrdered, false, "use the account's sequence; otherwise transactions of one account may run in any order")
	f.Duration(flagExpires, 2*time.Minute, "how long an unordered transaction may wait for a block (at most 10m)")
}

func preset(cmd *cobra.Command, name, value string) {
	flag := cmd.Flags().Lookup(name)
	if err := flag.Value.Set(value); err != nil {
		panic(err)
	}
	flag.DefValue = value
}

// Context returns the client's context of a transaction with the chain id of
// the node where none was given, and the time that the next block will have at
// least. It fails when the node is on another chain.
func Context(cmd *cobra.Command) (client.Context, time.Time, error) {
	c, err := client.GetClientTxContext(cmd)
	if err != nil {
		return c, time.Time{}, err
	}
	if c.Offline || c.GenerateOnly && c.ChainID != "" {
		return c, time.Now(), nil
	}
	node, err := c.GetNode()
	if err != nil {
		return c, time.Time{}, err
	}
	status, err := node.Status(cmd.Context())
	if err != nil {
		return c, time.Time{}, fmt.Errorf("node: %s does not answer: %w", c.NodeURI, err)
	}
	switch {
	case c.ChainID == "":
		c = c.WithChainID(status.NodeInfo.Network)
	case c.ChainID != status.NodeInfo.Network:
		return c, time.Time{}, fmt.Errorf("chain-id: %q is unknown to %s, which is on %q", c.ChainID, c.NodeURI, status.NodeInfo.Network)
	}
	// A chain that stood still goes on at the time of day, not at that of its
	// last block.
	now := status.SyncInfo.LatestBlockTime
	if wall := time.Now(); wall.After(now) {
		now = wall
	}
	return c, now, client.SetCmdClientContext(cmd, c)
}

// Run builds messages of the signer, sends them in one transaction, waits for
// its block and prints the outcome. It fails when the check or the execution
// failed, with the reason.
func Run(cmd *cobra.Command, build func(signer string) ([]sdk.Msg, error)) error {
	if from, _ := cmd.Flags().GetString(flags.FlagFrom); from == "" {
		return errors.New(`required flag(s) "from" not set: the key to sign with`)
	}
	c, now, err := Context(cmd)
	if err != nil {
		return err
	}
	msgs, err := build(c.GetFromAddress().String())
	if err != nil {
		return err
	}
	factory, err := factoryOf(cmd, c, now)
	if err != nil {
		return err
	}
	if c.GenerateOnly {
		return factory.PrintUnsignedTx(c, msgs...)
	}
	bz, err := sign(cmd.Context(), c, factory, msgs)
	if err != nil {
		return err
	}
	wait, _ := cmd.Flags().GetBool(flagNoWait)
	expires, _ := cmd.Flags().GetDuration(flagExpires)
	outcome, err := broadcast(cmd.Context(), c, bz, !wait, expires+10*time.Second)
	if err != nil {
		return err
	}
	if err := outcome.print(cmd.OutOrStdout(), c.OutputFormat); err != nil {
		return err
	}
	if outcome.Code != 0 {
		return fmt.Errorf("transaction %s failed: %s", outcome.TxHash, outcome.RawLog)
	}
	return nil
}

// factoryOf makes the transaction unordered unless told otherwise: each is told
// apart by when it expires, to the nanosecond.
func factoryOf(cmd *cobra.Command, c client.Context, now time.Time) (tx.Factory, error) {
	factory, err := tx.NewFactoryCLI(c, cmd.Flags())
	if err != nil {
		return factory, err
	}
	if ordered, _ := cmd.Flags().GetBool(flagOrdered); ordered {
		return factory, nil
	}
	expires, _ := cmd.Flags().GetDuration(flagExpires)
	if expires <= 0 || expires > 10*time.Minute {
		return factory, fmt.Errorf("%s: %s; want up to 10m", flagExpires, expires)
	}
	expiry := now.Add(expires).Truncate(time.Second).Add(-time.Second).Add(time.Duration(time.Now().Nanosecond()))
	return factory.WithUnordered(true).WithTimeoutTimestamp(expiry).WithSequence(0), nil
}

func sign(ctx context.Context, c client.Context, factory tx.Factory, msgs []sdk.Msg) ([]byte, error) {
	factory, err := factory.Prepare(c)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if factory.SimulateAndExecute() {
		_, gas, err := tx.CalculateGas(c, factory, msgs...)
		if err != nil {
			return nil, err
		}
		factory = factory.WithGas(gas)
	}
	builder, err := factory.BuildUnsignedTx(msgs...)
	if err != nil {
		return nil, err
	}
	if err := tx.Sign(ctx, factory, c.FromName, builder, true); err != nil {
		return nil, err
	}
	return c.TxConfig.TxEncoder()(builder.GetTx())
}

// broadcast sends a transaction and waits until a block has it.
func broadcast(ctx context.Context, c client.Context, bz []byte, wait bool, patience time.Duration) (Outcome, error) {
	node, err := c.GetNode()
	if err != nil {
		return Outcome{}, err
	}
	sent, err := node.BroadcastTxSync(ctx, bz)
	if err != nil {
		return Outcome{}, fmt.Errorf("node: %s: %w", c.NodeURI, err)
	}
	hash := cmttypes.Tx(bz).Hash()
	outcome := Outcome{TxHash: strings.ToUpper(hex.EncodeToString(hash)), Code: sent.Code, Codespace: sent.Codespace, RawLog: sent.Log}
	if sent.Code != 0 || !wait {
		return outcome, nil
	}
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return outcome, ctx.Err()
		case <-deadline.C:
			return outcome, fmt.Errorf("transaction %s was sent, and no block had it within %s", outcome.TxHash, patience)
		case <-tick.C:
		}
		found, err := node.Tx(ctx, hash, false)
		if err != nil {
			continue // not committed yet
		}
		outcome.Height = found.Height
		outcome.Code, outcome.Codespace, outcome.RawLog = found.TxResult.Code, found.TxResult.Codespace, found.TxResult.Log
		outcome.collect(found.TxResult.Events)
		return outcome, nil
	}
}
