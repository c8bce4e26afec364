package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/testnet/demo"
	"github.com/hallmark-ledger/hallmark/testnet/network"
	"github.com/hallmark-ledger/hallmark/testnet/progress"
)

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole line on real processes and real input",
		Long: `Show the whole line: a maker enrols a factory list of 1,000 devices and
activates twenty, an owner grants and revokes, two gateways decide, a validator
dies, and a node that lies is caught. Takes about a minute; ends with a table of
what was shown. Exit code 0 only if all of it held.`,
		Example: `  hallmark-testnet demo
  hallmark-testnet demo --json
  hallmark-testnet demo --keep --dir .testnet`,
		Args: usage(cobra.NoArgs),
		RunE: runDemo,
	}
	cmd.Flags().String("dir", "", "new directory for the network (default: a temporary one, removed at the end)")
	cmd.Flags().Bool("json", false, "print the report as JSON")
	cmd.Flags().Bool("keep", false, "leave the network running until Ctrl-C, and its directory")
	binariesFlag(cmd)
	return cmd
}

func runDemo(cmd *cobra.Command, _ []string) (err error) {
	asJSON, _ := cmd.Flags().GetBool("json")
	keep, _ := cmd.Flags().GetBool("keep")
	dir, _ := cmd.Flags().GetString("dir")
	binaries, _ := cmd.Flags().GetString("binaries")
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hallmark-demo-"); err != nil {
			return err
		}
		// After a failure the logs are what one wants.
		defer func() {
			if err == nil && !keep {
				err = os.RemoveAll(dir)
			}
		}()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if network.Exists(dir) {
		return fmt.Errorf("--dir %s: holds a network already; the demonstration needs a new directory", dir)
	}
	tell := progress.New(os.Stderr)
	options := network.Options{Dir: dir, Validators: network.AsStored, Gateways: network.AsStored, Tell: tell}
	if options.Binaries, err = network.FindBinaries(cmd.Context(), binaries, filepath.Join(dir, "bin"), tell); err != nil {
		return err
	}
	net, err := network.Open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Stop()) }()
	report := demo.Run(cmd.Context(), demo.Options{Net: net, Dir: dir, Devices: devices(), Tell: tell})
	if !keep && report.OK {
		report.Dir = ""
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), report)
	} else if report.OK {
		tell.Title("What was shown")
		err = report.Table(cmd.OutOrStdout(), progress.New(os.Stdout).Good)
	}
	switch {
	case cmd.Context().Err() != nil:
		return errors.New("stopped before its end")
	case !report.OK:
		return errors.Join(fmt.Errorf("%s\nlogs: %s", report.Error, filepath.Join(dir, "logs")), err)
	case err != nil || !keep:
		return err
	}
	tell.Say("the network goes on: %s; end it with Ctrl-C, or: hallmark-testnet stop --dir %s", network.DescriptionFile(dir), dir)
	return net.Serve(cmd.Context())
}
