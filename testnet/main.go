// Command hallmark-testnet runs a local network of Hallmark: validators and
// gateways, each a process of its own, on this machine. It also shows the whole
// line on real input: see the command demo.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set when the binary is built for a release.
var version = "unversioned"

//go:embed testdata/devices
var testdata embed.FS

// devices is the factory's list with the keys of its first rows.
func devices() fs.FS {
	sub, err := fs.Sub(testdata, "testdata/devices")
	if err != nil {
		panic(err) // the path is a constant that the compiler has embedded
	}
	return sub
}

// Exit codes of the contract.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func main() {
	followParent()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root := rootCommand()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "hallmark-testnet:", err)
	if usage := (usageError{}); errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		fmt.Fprintln(os.Stderr, "see: hallmark-testnet --help")
		os.Exit(exitUsage)
	}
	os.Exit(exitFailed)
}

// followParent makes `go run ./testnet` pass on its end: a signal that ends
// `go run` does not reach the program that it runs.
func followParent() {
	self, err := os.Executable()
	if err == nil && strings.Contains(self, "/go-build") {
		const setParentDeathSignal = 1 // PR_SET_PDEATHSIG
		_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setParentDeathSignal, uintptr(syscall.SIGTERM), 0)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hallmark-testnet",
		Short: "A local network of Hallmark: validators and gateways as processes",
		Long: `A local network of Hallmark: validators and gateways, each a process of its
own, made with the very commands by which one makes a network by hand. Needs no
Docker; listens on the loopback interface, on ports that are free.`,
		Example: `  hallmark-testnet demo
  hallmark-testnet start --dir .testnet --validators 4 --gateways 2
  hallmark-testnet node kill node2 --dir .testnet
  hallmark-testnet stop --dir .testnet`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(startCommand(), stopCommand(), processCommand("node"), processCommand("gateway"), demoCommand())
	return root
}

// usage makes errors about arguments exit with the code for them.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%s: %w", cmd.CommandPath(), err)}
		}
		return nil
	}
}

// group is a command that only holds others.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return usageError{fmt.Errorf("%s: name a command: %s", cmd.CommandPath(), strings.Join(names(cmd), ", "))}
	}
	return cmd
}

func names(cmd *cobra.Command) (all []string) {
	for _, sub := range cmd.Commands() {
		all = append(all, sub.Name())
	}
	return all
}

// output is the flag that every command has.
func output(cmd *cobra.Command) {
	cmd.Flags().StringP("output", "o", "text", "text, or json for programs")
}

func wantsJSON(cmd *cobra.Command) (bool, error) {
	switch value, _ := cmd.Flags().GetString("output"); value {
	case "text":
		return false, nil
	case "json":
		return true, nil
	default:
		return false, usageError{fmt.Errorf("--output %s: want text or json", value)}
	}
}
