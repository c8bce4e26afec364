package accesscli

import (
	"fmt"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
)

const policyHelp = `The policy file is JSON:

  {"prefixes":["mqtt:plant/","http:/plant/"],
   "classes":{"read":{"max_staleness":"1h","on_restart":"deny"}},
   "actions":{"get":"read"},"fleets":[],"advisory_issuers":[]}

A class bounds how old a gateway's knowledge may be, from 10s to 400d, and says
whether it goes on after a reboot (on_restart: deny or trust_clock). An action
without a class is in the strictest.`

func createSegmentCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "create-segment SLUG --policy FILE.json",
		Short: "Open a segment: resource prefixes with their policy",
		Long: `Open a segment of the signer's member. Its id, <member>/<slug>, is printed and
never changes. Its prefixes overlap those of no other segment of the member.

` + policyHelp,
		Example: "  hallmarkd tx access create-segment plant --policy policy.json --from operator",
		Args:    cobra.ExactArgs(1),
		PreRunE: func(_ *cobra.Command, args []string) error { return access.ValidateSlug(args[0]) },
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(file)
			if err != nil {
				return err
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{&types.MsgCreateSegment{Signer: signer, Slug: args[0], Policy: policy}}, nil
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&file, "policy", "", "the policy file")
	required(cmd, "policy")
	if err := cmd.MarkFlagFilename("policy", "json"); err != nil {
		panic(err)
	}
	submit.AddFlags(cmd)
	return cmd
}

func setPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set-policy SEGMENT FILE.json",
		Short: "Replace the policy of a segment",
		Long: `Replace the policy of a segment. Grants stay; one whose resources the segment no
longer covers allows nothing.

` + policyHelp,
		Example: "  hallmarkd tx access set-policy acme/plant policy.json --from operator",
		Args:    cobra.ExactArgs(2),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(args[1])
			if err != nil {
				return err
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{&types.MsgSetPolicy{Signer: signer, Segment: args[0], Policy: policy}}, nil
			})
		},
		ValidArgsFunction: jsonFiles(1, "json"),
	}
	submit.AddFlags(cmd)
	return cmd
}

func admitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admit DEVICE SEGMENT",
		Short: "Let a segment of another member hold your device",
		Long: `Accept that a segment of another member gives grants to a device of yours. It
ends when the device changes its owner. A segment of the device's own owner needs
no admission.`,
		Example: "  hallmarkd tx access admit did:hallmark:ciq... acme/plant --from operator",
		Args:    cobra.ExactArgs(2),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if err := parseDevice("device", args[0]); err != nil {
				return err
			}
			if _, _, err := access.ParseSegmentID(args[1]); err != nil {
				return fmt.Errorf("segment: %w", err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{&types.MsgAdmit{Signer: signer, Device: args[0], Segment: args[1]}}, nil
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	submit.AddFlags(cmd)
	return cmd
}
