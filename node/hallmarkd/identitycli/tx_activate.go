package identitycli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// activation is what a person says of rows to activate.
type activation struct {
	batch                        uint64
	list, rows, keys, signatures string
	owner                        string
}

func activateCommand() *cobra.Command {
	var a activation
	cmd := &cobra.Command{
		Use:   "activate BATCH --list LIST.csv --rows 1-20 --keys DIR",
		Short: "Make rows of a batch into active devices",
		Long: `Make rows of a batch into active devices of an owner: all of them or none, up to
1,000 in one transaction. The first row of a list is 1; ranges are joined by
commas. The list must be the very one that was anchored.

Each device signs the activation statement: here, with the keys in DIR
(DIR/<serial>.pem, PKCS#8), or elsewhere, with --signatures: one JSON object a
line, {"row":1,"signature":"<base64>"} (see "hallmarkd identity statement
activate").`,
		Example: `  hallmarkd tx identity activate 1 --list factory-manifest.csv --rows 1-20 --keys keys --from maker
  hallmarkd tx identity activate 1 --list factory-manifest.csv --rows 1-5,9 --signatures signed.jsonl --owner plant --from maker`,
		Args: cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if a.keys == "" && a.signatures == "" {
				return missing("keys", "signatures")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			batch, err := parseBatch(args[0])
			if err != nil {
				return err
			}
			a.batch = batch
			ranges, err := parseRows(a.rows)
			if err != nil {
				return err
			}
			list, err := readFactoryList(a.list, ranges, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if last := ranges[len(ranges)-1].Last; last > uint64(len(list.leaves)) {
				return fmt.Errorf("rows: %d; the list has %d rows", last, len(list.leaves))
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) { return a.messages(cmd, signer, ranges, list) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.list, "list", "", "the factory list, as it was anchored")
	f.StringVar(&a.rows, "rows", "", "rows to activate, 1-20 or 1-5,9 for instance")
	f.StringVar(&a.keys, "keys", "", "folder with the devices' private keys, <serial>.pem")
	f.StringVar(&a.signatures, "signatures", "", "file with the devices' signatures, one JSON object a line")
	f.StringVar(&a.owner, "owner", "", "member that the devices will belong to (default: the signer's)")
	cmd.MarkFlagsMutuallyExclusive("keys", "signatures")
	required(cmd, "list", "rows")
	submit.AddFlags(cmd)
	return cmd
}

func parseBatch(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, fmt.Errorf("batch: %q; want the number that enroll-batch printed", text)
	}
	return id, nil
}

func (a activation) messages(cmd *cobra.Command, signer string, ranges []types.Range, list *factoryList) ([]sdk.Msg, error) {
	chain, err := chainID(cmd)
	if err != nil {
		return nil, err
	}
	owner := a.owner
	if owner == "" {
		if owner, err = memberOf(cmd, signer); err != nil {
			return nil, err
		}
	}
	resp, err := types.NewQueryClient(client.GetClientContextFromCmd(cmd)).Batch(cmd.Context(), &types.QueryBatchRequest{Id: a.batch})
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	rows, err := a.build(chain, owner, resp.Batch, ranges, list)
	if err != nil {
		return nil, err
	}
	return []sdk.Msg{&types.MsgActivate{Signer: signer, Batch: a.batch, Rows: rows, Owner: owner}}, nil
}

// build makes the rows of the message and checks each as the chain will.
func (a activation) build(chain, owner string, batch types.Batch, ranges []types.Range, list *factoryList) ([]types.Row, error) {
	tree := identity.NewTree(list.leaves)
	root := tree.Root()
	if uint64(len(list.leaves)) != batch.Count || !bytes.Equal(root[:], batch.Root) {
		return nil, fmt.Errorf("list: %s has %d rows and root %x; batch %d was anchored with %d and %x: another list, or one changed since",
			a.list, len(list.leaves), root, batch.Id, batch.Count, batch.Root)
	}
	sign, err := a.signer()
	if err != nil {
		return nil, err
	}
	var rows []types.Row
	for _, r := range ranges {
		for number := r.First; number <= r.Last; number++ {
			row := list.kept[number]
			statement := identity.ActivationStatement(chain, batch.Id, root, number, owner, row.Key.Digest)
			signature, err := sign(row, statement)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", number, err)
			}
			if err := row.Key.Verify(statement, signature); err != nil {
				return nil, fmt.Errorf("row %d (%s): activation on chain %q for %q: %w", number, row.Serial, chain, owner, err)
			}
			rows = append(rows, types.Row{
				Row:       number,
				PublicKey: row.DER,
				RowDigest: row.Digest[:],
				Proof:     hashes(tree.Path(number - 1)),
				Signature: signature,
			})
		}
	}
	return rows, nil
}

// hashes writes a path as the wire has it.
func hashes(path []identity.Hash) [][]byte {
	wire := make([][]byte, len(path))
	for i := range path {
		wire[i] = path[i][:]
	}
	return wire
}

// signer is where the devices' signatures come from.
func (a activation) signer() (func(identity.ListRow, []byte) ([]byte, error), error) {
	if a.keys != "" {
		return func(row identity.ListRow, statement []byte) ([]byte, error) {
			path := filepath.Join(a.keys, row.Serial+".pem")
			key, err := readKey(path)
			if err != nil {
				return nil, fmt.Errorf("keys: %w", err)
			}
			_, public, err := identity.PublicDER(key)
			if err != nil {
				return nil, fmt.Errorf("keys: %s: %w", path, err)
			}
			if public.Digest != row.Key.Digest {
				return nil, fmt.Errorf("keys: %s is not the key that the list has for %q", path, row.Serial)
			}
			return identity.Sign(key, statement)
		}, nil
	}
	signatures, err := readSignatures(a.signatures)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	return func(row identity.ListRow, _ []byte) ([]byte, error) {
		signature, ok := signatures[row.Number]
		if !ok {
			return nil, fmt.Errorf("signatures: %s has none for this row", a.signatures)
		}
		return signature, nil
	}, nil
}

// readSignatures reads one JSON object a line; a row stands once.
func readSignatures(path string) (map[uint64][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	signatures := make(map[uint64][]byte)
	lines := bufio.NewScanner(f)
	for line := 1; lines.Scan(); line++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var entry struct {
			Row       uint64 `json:"row"`
			Signature []byte `json:"signature"`
		}
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&entry); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, line, err)
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: line %d: more than one object", path, line)
		}
		if _, ok := signatures[entry.Row]; ok || entry.Row == 0 {
			return nil, fmt.Errorf("%s: line %d: row: %d; want each row once, from 1", path, line, entry.Row)
		}
		signatures[entry.Row] = entry.Signature
	}
	return signatures, lines.Err()
}
