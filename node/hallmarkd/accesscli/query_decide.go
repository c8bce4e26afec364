package accesscli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/hallmark-ledger/hallmark/x/access/types"
)

func queryDecideCommand() *cobra.Command {
	var (
		req   types.QueryDecideRequest
		pairs []string
	)
	cmd := &cobra.Command{
		Use:   "decide --subject ID --action A --resource TYPE:PATH",
		Short: "What a gateway would decide with the state of the chain",
		Long: `Run the evaluator of the gateways on the chain's state: may the device do the
action on the resource? A denial says why and what would change it. --height asks
about the past.

An attribute of the context is NAME=VALUE: a whole number, true, false, or text;
text in double quotes is always text. Without --segment all segments that cover
the resource are asked, ids ascending.`,
		Example: `  hallmarkd query access decide --subject did:hallmark:ciq... --action publish --resource mqtt:plant/line1/state
  hallmarkd query access decide --subject did:hallmark:ciq... --action get --resource http:/plant/a \
    --context temperature=21 --segment acme/plant --height 120`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := parseDevice("subject", req.Subject); err != nil {
				return err
			}
			for _, text := range pairs {
				a, err := parseAttribute(text)
				if err != nil {
					return fmt.Errorf("context: %w", err)
				}
				req.Context = append(req.Context, a)
			}
			return answer(cmd, func(ctx context.Context, q types.QueryClient) (gogoproto.Message, error) {
				return q.Decide(ctx, &req)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Subject, "subject", "", "device id")
	f.StringVar(&req.Action, "action", "", "action")
	f.StringVar(&req.Resource, "resource", "", "resource <type>:<path>")
	f.StringArrayVar(&pairs, "context", nil, "attribute NAME=VALUE (repeat for more)")
	f.StringArrayVar(&req.Segments, "segment", nil, "segment to ask, in this order (repeat for more)")
	required(cmd, "subject", "action", "resource")
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

// parseAttribute reads NAME=VALUE.
func parseAttribute(text string) (types.Attribute, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return types.Attribute{}, fmt.Errorf("%.80q; want NAME=VALUE", text)
	}
	a := types.Attribute{Name: name}
	if number, err := strconv.ParseInt(value, 10, 64); err == nil {
		a.Value = &types.Attribute_Number{Number: number}
		return a, nil
	}
	if value == "true" || value == "false" {
		a.Value = &types.Attribute_Truth{Truth: value == "true"}
		return a, nil
	}
	if strings.HasPrefix(value, `"`) {
		unquoted, err := strconv.Unquote(value)
		if err != nil {
			return a, fmt.Errorf("%.80q: the quoted text does not end", text)
		}
		value = unquoted
	}
	a.Value = &types.Attribute_Text{Text: value}
	return a, nil
}
