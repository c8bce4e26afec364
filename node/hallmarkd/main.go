// Command hallmarkd is a validator or a full node of the ledger, and the
// ledger's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/hallmark-ledger/hallmark/app"
)

func main() {
	app.SetAddressPrefix()
	root := newRoot()
	markUsage(root)
	ctx := context.WithValue(context.Background(), client.ClientContextKey, &client.Context{})
	ctx = context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", plain(err.Error()))
		os.Exit(exitCode(err))
	}
}

// usageError is a mistake in how the command was called: exit code 2.
type usageError struct{ error }

// exitCode is 2 for an unknown command or flag or a missing argument, and 1 for
// anything else that failed.
func exitCode(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	for _, cobraSays := range []string{"unknown command", "required flag(s)"} {
		if strings.HasPrefix(err.Error(), cobraSays) {
			return 2
		}
	}
	return 1
}

// Wrappings that transport and simulation put around what a module says.
var (
	before = regexp.MustCompile(`rpc error: code = \w+ desc = |failed to execute message; message index: \d+: `)
	after  = regexp.MustCompile(` \[[^\s\]]+\.go:\d+\]| (With|with) gas (wanted|used): '\d+'( and gas used: '\d+')?|: unknown request$|: key not found$`)
)

// plain takes the wrapping off an error, so that a person reads what is wrong
// first.
func plain(message string) string {
	return strings.TrimSpace(after.ReplaceAllString(before.ReplaceAllString(message, ""), ""))
}

// markUsage makes errors of flags and arguments usage errors, in a command and
// all below it.
func markUsage(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w\nUsage: %s", err, cmd.UseLine())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markUsage(sub)
	}
}
