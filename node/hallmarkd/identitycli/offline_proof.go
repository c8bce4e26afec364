package identitycli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func proofCommand() *cobra.Command {
	var number uint64
	cmd := &cobra.Command{
		Use:   "proof LIST.csv --row N",
		Short: "Prove that a row stands in a factory list",
		Long: `Print the Merkle root of a factory list and the inclusion path of one row
(RFC 9162), leaf to root. It shows that a device is of a batch without showing
the rest of the list.`,
		Example:           `  hallmarkd identity proof factory-manifest.csv --row 20 -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: files("csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if number == 0 {
				return fmt.Errorf("row: 0; rows begin at 1")
			}
			list, err := readFactoryList(args[0], []types.Range{{First: number, Last: number}}, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			row, ok := list.kept[number]
			if !ok {
				return fmt.Errorf("row: %d; the list has %d rows", number, len(list.leaves))
			}
			tree := identity.NewTree(list.leaves)
			root := tree.Root()
			path := make([]string, 0, identity.MaxPath)
			for _, hash := range tree.Path(number - 1) {
				path = append(path, hex.EncodeToString(hash[:]))
			}
			return printFields(cmd, []field{
				{"id", identity.ID(row.Key.Digest)},
				{"root", hex.EncodeToString(root[:])},
				{"count", fmt.Sprint(len(list.leaves))},
				{"row", fmt.Sprint(number)},
				{"key_digest", hex.EncodeToString(row.Key.Digest[:])},
				{"row_digest", hex.EncodeToString(row.Digest[:])},
				{"cid", list.cid},
				{"proof", path},
			})
		},
	}
	cmd.Flags().Uint64Var(&number, "row", 0, "row of the device, from 1")
	required(cmd, "row")
	addOutput(cmd)
	return cmd
}

// field is one line of an answer: a string or several.
type field struct {
	name  string
	value any
}

func addOutput(cmd *cobra.Command) {
	cmd.Flags().StringP(flags.FlagOutput, "o", flags.OutputFormatText, "text or json")
}

// printFields prints an answer in the order of its fields.
func printFields(cmd *cobra.Command, fields []field) error {
	format, err := cmd.Flags().GetString(flags.FlagOutput)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	switch format {
	case flags.OutputFormatJSON:
		separator := "{"
		for _, f := range fields {
			value, err := json.Marshal(f.value)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "%s%q:%s", separator, f.name, value)
			separator = ","
		}
		out.WriteString("}\n")
	case flags.OutputFormatText:
		for _, f := range fields {
			if lines, ok := f.value.([]string); ok {
				fmt.Fprintf(&out, "%s:\n", f.name)
				for _, line := range lines {
					fmt.Fprintf(&out, "- %s\n", line)
				}
				continue
			}
			fmt.Fprintf(&out, "%s: %v\n", f.name, f.value)
		}
	default:
		return fmt.Errorf("output: %q; want text or json", format)
	}
	_, err = cmd.OutOrStdout().Write(out.Bytes())
	return err
}
