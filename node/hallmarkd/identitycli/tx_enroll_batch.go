package identitycli

import (
	"fmt"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func enrollBatchCommand() *cobra.Command {
	var model string
	cmd := &cobra.Command{
		Use:   "enroll-batch LIST.csv --model M",
		Short: "Anchor a factory list, in one transaction whatever its length",
		Long: `Anchor a factory list of the signer's member: its Merkle root, its number of rows
and, for a list of at most 256 KiB, its content id. No row goes on the chain;
rows become devices when they are activated.

Every device of the batch is recorded with --model. The list may hold rows of
several models: then the name stands for the batch, and each row's own model
stays in the list. Give one list a model when fleets are to be told apart.`,
		Example:           `  hallmarkd tx identity enroll-batch factory-manifest.csv --model SEN-20 --from maker`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: files("csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := identity.ValidateModel(model); err != nil {
				return err
			}
			list, err := readFactoryList(args[0], nil, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if n := uint64(len(list.leaves)); list.models[model] != n {
				fmt.Fprintf(cmd.ErrOrStderr(), "note: %d of %d rows name another model; every device of this batch is recorded as %s\n", n-list.models[model], n, model)
			}
			root := identity.Root(list.leaves)
			fmt.Fprintf(cmd.ErrOrStderr(), "list: %d rows, root %x%s\n", len(list.leaves), root, withCID(list.cid))
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{&types.MsgEnrollBatch{
					Signer: signer,
					Model:  model,
					Root:   root[:],
					Count:  uint64(len(list.leaves)),
					Cid:    list.cid,
				}}, nil
			})
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "model of the batch")
	required(cmd, "model")
	submit.AddFlags(cmd)
	return cmd
}

func withCID(cid string) string {
	if cid == "" {
		return ", no content id (larger than 256 KiB)"
	}
	return ", " + cid
}
