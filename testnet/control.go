package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

func stopCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stop",
		Short:   "Stop the network of a directory",
		Long:    "Stop the network of a directory and wait until all of its processes have ended. The directory stays; start resumes it.",
		Example: "  hallmark-testnet stop --dir .testnet",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			dir, err := cmd.Flags().GetString("dir")
			if err != nil {
				return err
			}
			ran, err := network.StopOwner(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), map[string]bool{"stopped": ran})
			}
			if !ran {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "nothing was running in %s\n", dir)
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "stopped the network in %s\n", dir)
			return err
		},
	}
	dirFlag(cmd)
	output(cmd)
	return cmd
}

// explain says what each verb does to a process.
var explain = map[string]string{
	"kill":   "Kill the process at once, as a crash would",
	"pause":  "Stop the process without ending it: it is silent and holds its sockets",
	"resume": "Let a paused process go on",
	"start":  "Start a process that was killed, and wait until it is ready",
}

// processCommand is the group `node` or `gateway`.
func processCommand(kind string) *cobra.Command {
	verbs := map[string][]string{"node": network.NodeVerbs, "gateway": network.GatewayVerbs}[kind]
	parent := &cobra.Command{Use: kind, Short: "Disturb a " + kind + " of a running network"}
	for _, verb := range verbs {
		parent.AddCommand(verbCommand(kind, verb))
	}
	return group(parent)
}

func verbCommand(kind, verb string) *cobra.Command {
	cmd := &cobra.Command{
		Use:               verb + " NAME",
		Short:             explain[verb],
		Long:              explain[verb] + ".",
		Example:           fmt.Sprintf("  hallmark-testnet %s %s %s0 --dir .testnet", kind, verb, kind),
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: completeNames(kind),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			dir, err := cmd.Flags().GetString("dir")
			if err != nil {
				return err
			}
			reply, err := network.Ask(cmd.Context(), dir, network.Request{Kind: kind, Verb: verb, Name: args[0]})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), reply)
			}
			done := map[string]string{"kill": "killed", "pause": "paused", "resume": "resumed", "start": "started"}[verb]
			if reply.PID != 0 {
				done += fmt.Sprintf(" (pid %d)", reply.PID)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", reply.Name, done)
			return err
		},
	}
	dirFlag(cmd)
	output(cmd)
	return cmd
}

func completeNames(kind string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		dir, _ := cmd.Flags().GetString("dir")
		d, err := network.ReadDescription(filepath.Clean(dir))
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var all []string
		for _, node := range d.Nodes {
			if kind == "node" {
				all = append(all, node.Name)
			}
		}
		for _, gateway := range d.Gateways {
			if kind == "gateway" {
				all = append(all, gateway.Name)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}
