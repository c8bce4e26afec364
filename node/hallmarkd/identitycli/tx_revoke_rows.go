package identitycli

import (
	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func revokeRowsCommand() *cobra.Command {
	var rows, reason string
	cmd := &cobra.Command{
		Use:   "revoke-rows BATCH --rows 30-40",
		Short: "End rows of a batch that were never activated",
		Long: `End rows of a batch of the signer's member: they can no longer be activated. Rows
that were activated before stay the devices that they became, and are revoked
one by one by their owners ("hallmarkd tx identity revoke").`,
		Example: `  hallmarkd tx identity revoke-rows 1 --rows 30-40 --reason "stolen in transit" --from maker`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			batch, err := parseBatch(args[0])
			if err != nil {
				return err
			}
			r, err := parseRange(rows)
			if err != nil {
				return err
			}
			if err := identity.ValidateReason(reason); err != nil {
				return err
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{&types.MsgRevokeRows{Signer: signer, Batch: batch, Rows: r, Reason: reason}}, nil
			})
		},
	}
	cmd.Flags().StringVar(&rows, "rows", "", "row or range of rows, 30-40 for instance")
	cmd.Flags().StringVar(&reason, "reason", "", "why, at most 256 bytes; it is public")
	required(cmd, "rows")
	submit.AddFlags(cmd)
	return cmd
}
