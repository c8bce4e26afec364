package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// CommandError is a program that did not end with exit code 0.
type CommandError struct {
	Args   []string
	Code   int
	Stdout string
	Stderr string
}

func (e *CommandError) Error() string {
	said := strings.TrimSpace(e.Stderr)
	if said == "" {
		said = strings.TrimSpace(e.Stdout)
	}
	return fmt.Sprintf("%s: exit code %d: %s", strings.Join(e.Args, " "), e.Code, said)
}

// Run runs a program to its end and returns its standard output. Anything but
// exit code 0 is a CommandError.
func Run(ctx context.Context, binary string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, binary, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Env = environment()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var err error
	children.do(func() { err = command.Start() })
	if err == nil {
		err = command.Wait()
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && ctx.Err() == nil {
		return stdout.Bytes(), &CommandError{Args: append([]string{binary}, args...), Code: exit.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	}
	if err != nil {
		return stdout.Bytes(), fmt.Errorf("%s: %w", binary, errors.Join(ctx.Err(), err))
	}
	return stdout.Bytes(), nil
}

// environment is ours without what would configure a node or a gateway behind
// the back of its files.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "HALLMARKD_") && !strings.HasPrefix(entry, "HALLMARK_GATEWAY_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// CLI is the chain's command line, bound to a home (for its keyring) and a node.
type CLI struct {
	Binary  string
	Home    string
	ChainID string
	RPC     string
}

// CLI of a network: the keyring of the first node's home, any node to ask.
func (d Description) CLI(node Node) CLI {
	return CLI{Binary: d.Binaries[NodeBinary], Home: d.Nodes[0].Home, ChainID: d.ChainID, RPC: node.RPC}
}

// TxResult is what `tx` prints.
type TxResult struct {
	TxHash    string `json:"txhash"`
	Height    Int64  `json:"height"`
	Code      uint32 `json:"code"`
	Codespace string `json:"codespace"`
	RawLog    string `json:"raw_log"`
	// IDs of what it created, in order.
	IDs []string `json:"ids"`
}

// Int64 reads a number as proto JSON writes it, in quotes or without.
type Int64 int64

// UnmarshalJSON implements json.Unmarshaler.
func (i *Int64) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(bytes.Trim(raw, `"`), (*int64)(i))
}

// Tx sends a transaction and waits for its block, as the command does.
func (c CLI) Tx(ctx context.Context, from string, args ...string) (TxResult, error) {
	var result TxResult
	out, err := Run(ctx, c.Binary, c.TxArgs(from, args...)...)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(out, &result); err != nil {
		return result, fmt.Errorf("tx %s printed %q: %w", strings.Join(args, " "), out, err)
	}
	return result, nil
}

// TxArgs are the arguments with which Tx runs the command.
func (c CLI) TxArgs(from string, args ...string) []string {
	return append(append([]string{"tx"}, args...), "--from", from, "--home", c.Home, "--keyring-backend", "test",
		"--chain-id", c.ChainID, "--node", c.RPC, "--yes", "--output", "json")
}

// Query runs a query and decodes what it prints into answer.
func (c CLI) Query(ctx context.Context, answer any, args ...string) error {
	out, err := Run(ctx, c.Binary, append(append([]string{"query"}, args...), "--home", c.Home, "--node", c.RPC, "--output", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, answer); err != nil {
		return fmt.Errorf("query %s printed %q: %w", strings.Join(args, " "), out, err)
	}
	return nil
}
