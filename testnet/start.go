package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/testnet/network"
	"github.com/hallmark-ledger/hallmark/testnet/progress"
)

const defaultDir = ".testnet"

func dirFlag(cmd *cobra.Command) {
	cmd.Flags().String("dir", defaultDir, "directory of the network")
}

func binariesFlag(cmd *cobra.Command) {
	cmd.Flags().String("binaries", "", "directory of hallmarkd and hallmark-gateway (default: beside this program)")
}

func startCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run a network in the foreground",
		Long: `Run a network in the foreground: validators of one member each, and gateways
that follow them. On a directory that holds a network already, resume it.

DIR/network.json appears when all is ready and goes when the network stops; it
names every address, account and device. Logs are in DIR/logs. Ctrl-C, or
hallmark-testnet stop, ends every process; none outlives this one.`,
		Example: `  hallmark-testnet start --dir .testnet --validators 4 --gateways 2`,
		Args:    usage(cobra.NoArgs),
		RunE:    runStart,
	}
	dirFlag(cmd)
	binariesFlag(cmd)
	output(cmd)
	cmd.Flags().Int("validators", 4, fmt.Sprintf("number of validators, 1 to %d", network.MaxValidators))
	cmd.Flags().Int("gateways", 2, fmt.Sprintf("number of gateways, 0 to %d", network.MaxGateways))
	return cmd
}

func runStart(cmd *cobra.Command, _ []string) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	options, err := networkOptions(cmd)
	if err != nil {
		return err
	}
	net, err := network.Open(options)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := net.Start(ctx); err != nil {
		if ctx.Err() != nil {
			err = errors.New("stopped before it was ready")
		}
		return errors.Join(err, net.Stop())
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), net.Description())
	} else {
		err = showNetwork(cmd.OutOrStdout(), options.Dir, net.Description())
	}
	return errors.Join(err, serve(ctx, net, options.Tell), net.Stop())
}

// serve keeps a network until the context ends.
func serve(ctx context.Context, net *network.Network, tell *progress.Teller) error {
	err := net.Serve(ctx)
	if ctx.Err() != nil {
		tell.Say("stopping")
	}
	return err
}

// networkOptions reads the flags; a number that nobody chose is left to the
// network that the directory holds.
func networkOptions(cmd *cobra.Command) (network.Options, error) {
	var o network.Options
	flags := cmd.Flags()
	o.Dir, _ = flags.GetString("dir")
	o.Validators, _ = flags.GetInt("validators")
	o.Gateways, _ = flags.GetInt("gateways")
	if !flags.Changed("validators") {
		o.Validators = network.AsStored
	}
	if !flags.Changed("gateways") {
		o.Gateways = network.AsStored
	}
	if o.Dir == "" {
		return o, usageError{errors.New("--dir: want a directory")}
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, err
	}
	o.Dir, o.Tell = dir, progress.New(os.Stderr)
	binaries, _ := flags.GetString("binaries")
	o.Binaries, err = network.FindBinaries(cmd.Context(), binaries, filepath.Join(dir, "bin"), o.Tell)
	return o, err
}

func showNetwork(out io.Writer, dir string, d network.Description) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nchain %s\n\n", d.ChainID)
	fmt.Fprintln(table, "  node\trpc\trest\tgrpc\tpid")
	for _, node := range d.Nodes {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%d\n", node.Name, node.RPC, node.REST, node.GRPC, node.PID)
	}
	if len(d.Gateways) > 0 {
		fmt.Fprintln(table, "\t\t\t\t\n  gateway\tdecisions\tsegment\t\tpid")
	}
	for _, gateway := range d.Gateways {
		fmt.Fprintf(table, "  %s\t%s\t%s\t\t%d\n", gateway.Name, gateway.HTTP, gateway.Segments[0], gateway.PID)
	}
	fmt.Fprintf(table, "\nAll of it: %s\nEnd it with Ctrl-C, or: hallmark-testnet stop --dir %s\n", network.DescriptionFile(dir), dir)
	return table.Flush()
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
