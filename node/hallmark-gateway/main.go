// Command hallmark-gateway follows a Hallmark chain as a light client and
// decides locally what devices may do.
//
// This package is the outermost layer: it reads the command line and the
// configuration, wires the rooms of node/gateway together, and ends them in
// order. Start with start.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// The following are of check alone.
	exitDenied       = 3
	exitUnverifiable = 4
	exitAttack       = 5
)

// version is set when the binary is built.
var version = "unknown"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes a command line and returns its exit code.
func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	var code *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		if code.err != nil {
			fmt.Fprintf(errs, "hallmark-gateway: %v\n", code.err)
		}
		return code.code
	default:
		fmt.Fprintf(errs, "hallmark-gateway: %v\n", err)
		return exitFailed
	}
}

// exitError is an error with an exit code; without an error of its own there is
// nothing left to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is an error of the command line itself.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format+" (see --help)", args...)}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hallmark-gateway",
		Short: "Follows a Hallmark chain and decides locally what devices may do",
		Long: "hallmark-gateway follows a Hallmark chain as a light client. It holds a verified, complete and fresh copy\n" +
			"of the records of its segments, and decides on every request locally.\n\n" +
			"Exit codes: 0 done; 1 failed; 2 unknown command or flag, missing argument.\n" +
			"check: 0 allowed, 3 denied, 4 stale or unverifiable, 5 attack detected.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return &exitError{exitUsage, nil}
		},
	}
	root.PersistentFlags().String("home", defaultHome(), "folder of the gateway's configuration and records")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%s: %v", cmd.CommandPath(), err)
	})
	root.AddCommand(initCommand(), startCommand(), statusCommand(), checkCommand(), versionCommand())
	return root
}

// arguments makes a wrong number of arguments, or an unknown command, an error
// of usage.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage("%s: %v", cmd.CommandPath(), err)
		}
		return nil
	}
}

// required checks that flags were given.
func required(cmd *cobra.Command, names ...string) error {
	var missing []string
	for _, name := range names {
		if !cmd.Flags().Changed(name) {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return usage("%s: missing %s", cmd.CommandPath(), strings.Join(missing, ", "))
	}
	return nil
}

func defaultHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ".hallmark-gateway"
	}
	return filepath.Join(home, ".hallmark-gateway")
}

// homeOf is the absolute home that a command line names.
func homeOf(cmd *cobra.Command) (string, error) {
	home, err := cmd.Flags().GetString("home")
	if err != nil {
		return "", err
	}
	if home == "" {
		return "", usage("--home: empty")
	}
	return filepath.Abs(home)
}

// addOutput adds the flag -o.
func addOutput(cmd *cobra.Command) {
	cmd.Flags().StringP("output", "o", "text", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// wantsJSON reads the flag -o.
func wantsJSON(cmd *cobra.Command) (bool, error) {
	switch output, _ := cmd.Flags().GetString("output"); output {
	case "text":
		return false, nil
	case "json":
		return true, nil
	default:
		return false, usage("--output: %q; want text or json", output)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "hallmark-gateway", version)
			return err
		},
	}
}
