package accesscli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
)

// ask is what a person says of a grant: by flags, or in a line of a file.
type ask struct {
	Subject            string   `json:"subject"`
	Actions            []string `json:"actions"`
	Resources          []string `json:"resources"`
	NotBefore          string   `json:"not_before"`
	Until              string   `json:"until"`
	Conditions         []string `json:"conditions"`
	MaxDelegationDepth uint32   `json:"max_delegation_depth"`
}

// spec checks what was asked for and makes it a grant of the message.
func (a *ask) spec(now time.Time) (types.GrantSpec, error) {
	spec := types.GrantSpec{
		Subject: a.Subject, Actions: a.Actions, Resources: a.Resources, MaxDelegationDepth: a.MaxDelegationDepth,
	}
	if err := parseDevice("subject", a.Subject); err != nil {
		return spec, err
	}
	for i, text := range a.Conditions {
		condition, err := access.ParseCondition(text)
		if err != nil {
			return spec, fmt.Errorf("conditions[%d]: %w", i, err)
		}
		spec.Conditions = append(spec.Conditions, condition)
	}
	if err := access.ValidateTerms(spec.Actions, spec.Resources, spec.Conditions, spec.MaxDelegationDepth); err != nil {
		return spec, err
	}
	var err error
	if spec.NotAfter, err = access.ParseUntil(a.Until, now); err != nil {
		return spec, fmt.Errorf("until: %w", err)
	}
	notBefore := now.Unix()
	if a.NotBefore != "" {
		at, err := access.ParseUntil(a.NotBefore, now)
		if err != nil {
			return spec, fmt.Errorf("not_before: %w", err)
		}
		spec.NotBefore, notBefore = &at, at.Unix()
	}
	if err := access.ValidatePeriod(notBefore, spec.NotAfter.Unix(), now); err != nil {
		return spec, err
	}
	return spec, nil
}

func grantCommand() *cobra.Command {
	var (
		a        ask
		subjects []string
	)
	cmd := &cobra.Command{
		Use:   "grant SEGMENT --subject ID --action A --resource P --until TIME",
		Short: "Give devices access to resources",
		Long: `Give each subject a grant to do each action on each resource: one grant a
subject, all of them or none. The numbers given are printed.

A resource is a pattern <type>:<path> below a prefix of the segment; in it a level
+ is any one level and a last level # any number, also none. A condition compares
an attribute of the request's context: temperature<=30, mode==auto, armed!=true.
All conditions must hold; one on an attribute that is absent fails.

TIME is a time of RFC 3339 or a duration from now, 720h or 30d for instance; a
grant ends within 400 days.`,
		Example: `  hallmarkd tx access grant acme/plant --subject did:hallmark:ciq... --action publish \
    --resource 'mqtt:plant/line1/#' --until 30d --from operator
  hallmarkd tx access grant acme/plant --subject did:hallmark:ciq... --action get --action head \
    --resource 'http:/plant/#' --condition 'temperature<=30' --until 2026-12-31T00:00:00Z --from operator`,
		Args:    cobra.ExactArgs(1),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			msg := &types.MsgGrant{Segment: args[0]}
			for i, subject := range subjects {
				a.Subject = subject
				spec, err := a.spec(time.Now())
				if err != nil {
					return fmt.Errorf("grants[%d].%w", i, err)
				}
				msg.Grants = append(msg.Grants, spec)
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				msg.Signer = signer
				return []sdk.Msg{msg}, nil
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringArrayVar(&subjects, "subject", nil, "device id (repeat for more)")
	f.StringArrayVar(&a.Actions, "action", nil, "action (repeat for more)")
	f.StringArrayVar(&a.Resources, "resource", nil, "pattern <type>:<path> (repeat for more)")
	f.StringVar(&a.Until, "until", "", "when it ends: RFC 3339, or a duration from now")
	f.StringVar(&a.NotBefore, "not-before", "", "when it begins: RFC 3339, or a duration from now (default: with its block)")
	f.StringArrayVar(&a.Conditions, "condition", nil, "comparison of an attribute of the context (repeat for more)")
	f.Uint32Var(&a.MaxDelegationDepth, "max-delegation-depth", 0, "how often it may be delegated, 0 to 4")
	required(cmd, "subject", "action", "resource", "until")
	submit.AddFlags(cmd)
	return cmd
}

func revokeCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "revoke SEGMENT GRANT...",
		Short: "End grants at once",
		Long: `End grants, up to 1,000 in one transaction: all of them or none. Gateways that are
connected deny from the next block on; the record stays and says so. A revocation
is final: give a new grant instead.`,
		Example: "  hallmarkd tx access revoke acme/plant 7 8 --reason 'lost in transit' --from operator",
		Args:    cobra.MinimumNArgs(2),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			msg := &types.MsgRevoke{Segment: args[0], Reason: reason}
			for _, text := range args[1:] {
				id, err := parseGrant(text)
				if err != nil {
					return err
				}
				msg.Grants = append(msg.Grants, id)
			}
			if err := access.ValidateReason(reason); err != nil {
				return fmt.Errorf("reason: %w", err)
			}
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) {
				msg.Signer = signer
				return []sdk.Msg{msg}, nil
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for people (at most 256 bytes)")
	submit.AddFlags(cmd)
	return cmd
}
