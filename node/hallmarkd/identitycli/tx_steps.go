package identitycli

import (
	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// stepCommands are the commands of a device's life.
func stepCommands() []*cobra.Command {
	return []*cobra.Command{
		stepCommand(identity.Commission, "Make a manufactured device active", false,
			func(signer, device, _ string) sdk.Msg { return &types.MsgCommission{Signer: signer, Device: device} }),
		stepCommand(identity.Suspend, "Stop an active device, for a while", true,
			func(signer, device, reason string) sdk.Msg {
				return &types.MsgSuspend{Signer: signer, Device: device, Reason: reason}
			}),
		stepCommand(identity.Resume, "Make a suspended device active again", true,
			func(signer, device, reason string) sdk.Msg {
				return &types.MsgResume{Signer: signer, Device: device, Reason: reason}
			}),
		stepCommand(identity.Retire, "End a device's life in good order; there is no way back", true,
			func(signer, device, reason string) sdk.Msg {
				return &types.MsgRetire{Signer: signer, Device: device, Reason: reason}
			}),
		stepCommand(identity.Revoke, "End a device's life for cause; there is no way back", true,
			func(signer, device, reason string) sdk.Msg {
				return &types.MsgRevoke{Signer: signer, Device: device, Reason: reason}
			}),
	}
}

func stepCommand(step identity.Step, short string, takesReason bool, message func(signer, device, reason string) sdk.Msg) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     step.Name + " DEVICE",
		Short:   short,
		Long:    short + ".\n\nThe signer's account needs role operator of the member that owns the device.",
		Example: "  hallmarkd tx identity " + step.Name + " did:hallmark:ciq... --from operator",
		Args:    cobra.ExactArgs(1),
		PreRunE: deviceArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := identity.ValidateReason(reason); err != nil {
				return err
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				return []sdk.Msg{message(signer, args[0], reason)}, nil
			})
		},
	}
	if takesReason {
		cmd.Flags().StringVar(&reason, "reason", "", "why, at most 256 bytes; it is public")
	}
	submit.AddFlags(cmd)
	return cmd
}
