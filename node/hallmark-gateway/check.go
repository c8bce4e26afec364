package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/config"
	"github.com/hallmark-ledger/hallmark/node/gateway/ingress"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

func checkCommand() *cobra.Command {
	var subject, action, resource string
	var attributes []string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask whether a device may do something",
		Long: "check asks the running gateway for a decision. When none answers it opens the home read-only: nothing has\n" +
			"proven that what is there is current, so the answer is view_unverified.\n\n" +
			"Exit codes: 0 allowed, 3 denied, 4 stale or unverifiable, 5 attack detected; 1 failed, 2 usage.",
		Example: "  hallmark-gateway check --subject did:hallmark:ciq... --action get --resource http:/plant/boiler --context line=4",
		Args:    arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "subject", "action", "resource"); err != nil {
				return err
			}
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			req, err := question(subject, action, resource, attributes)
			if err != nil {
				return err
			}
			home, err := homeOf(cmd)
			if err != nil {
				return err
			}
			c, err := config.Load(home, os.Environ())
			if err != nil {
				return err
			}
			reply, err := decide(cmd, home, c, req)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), reply)
			} else {
				err = printReply(cmd.OutOrStdout(), reply)
			}
			if err != nil {
				return err
			}
			if code := exitOf(reply); code != exitDone {
				return &exitError{code, nil}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&subject, "subject", "", "device id, did:hallmark:...")
	f.StringVar(&action, "action", "", "action, for instance publish")
	f.StringVar(&resource, "resource", "", "resource, TYPE:PATH")
	f.StringArrayVar(&attributes, "context", nil, `attribute k=v (repeat the flag): a whole number, true, false, or text; k="v" is always text`)
	addOutput(cmd)
	addCaller(cmd)
	return cmd
}

// question reads the flags. An error names the flag.
func question(subject, action, resource string, attributes []string) (*access.Request, error) {
	digest, err := identity.ParseID(subject)
	if err != nil {
		return nil, fmt.Errorf("--subject: %w", err)
	}
	list := make([]access.Attribute, 0, len(attributes))
	for _, entry := range attributes {
		name, value, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, usage("--context: %q; want k=v", entry)
		}
		list = append(list, attribute(name, value))
	}
	context, err := access.NewContext(list)
	if err != nil {
		return nil, fmt.Errorf("--context: %w", err)
	}
	req := &access.Request{Subject: digest, Action: action, Resource: resource, Context: context}
	if err := req.Validate(); err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	return req, nil
}

// attribute reads a value as JSON would.
func attribute(name, value string) access.Attribute {
	a := access.Attribute{Name: name, Kind: access.KindText, Text: value}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return access.Attribute{Name: name, Kind: access.KindNumber, Number: n}
	}
	if value == "true" || value == "false" {
		return access.Attribute{Name: name, Kind: access.KindTruth, Truth: value == "true"}
	}
	var quoted string
	if strings.HasPrefix(value, `"`) && json.Unmarshal([]byte(value), &quoted) == nil {
		a.Text = quoted
	}
	return a
}

// decide asks the running gateway, or looks at the home.
func decide(cmd *cobra.Command, home string, c config.Config, req *access.Request) (ingress.Reply, error) {
	asked, err := newCaller(cmd, c.Decision)
	if err != nil {
		return ingress.Reply{}, err
	}
	reply, err := asked.decide(cmd.Context(), req)
	if !errors.Is(err, errNobody) {
		return reply, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "hallmark-gateway: %v; looking at %s\n", err, home)
	records, err := openReadOnly(home, c)
	switch {
	case errors.Is(err, vault.ErrChain):
		return reply, explainVault(err)
	case err != nil:
		// Held by a gateway that does not answer yet, or not readable: nothing
		// can be verified.
		return reply, &exitError{exitUnverifiable, err}
	}
	view, floor := &access.View{}, clock.Options{}
	if records != nil {
		defer records.Close()
		view, floor.Floor = records.View().View, records.Floor()
	}
	d := access.Decide(req, view, clock.New(floor).Now())
	reply = ingress.Reply{Decision: d.Allow, Context: ingress.ReplyContext{Reason: d.Reason}}
	reply.Context.Detail, reply.Context.Fix = d.Explain(req, view)
	if d.Allow {
		// Nothing on disk is verified, so this cannot be.
		return ingress.Reply{}, errors.New("the records on disk claim to be verified")
	}
	return reply, nil
}

// decide puts a request to the running gateway.
func (c *caller) decide(ctx context.Context, req *access.Request) (ingress.Reply, error) {
	kind, path, _ := strings.Cut(req.Resource, ":")
	attributes := map[string]any{}
	for _, a := range req.Context {
		switch a.Kind {
		case access.KindText:
			attributes[a.Name] = a.Text
		case access.KindNumber:
			attributes[a.Name] = a.Number
		case access.KindTruth:
			attributes[a.Name] = a.Truth
		}
	}
	body, err := json.Marshal(map[string]any{
		"subject":  map[string]string{"type": "device", "id": identity.ID(req.Subject)},
		"action":   map[string]string{"name": req.Action},
		"resource": map[string]string{"type": kind, "id": path},
		"context":  attributes,
	})
	if err != nil {
		return ingress.Reply{}, err
	}
	var reply ingress.Reply
	status, answer, err := c.ask(ctx, ingress.PathEvaluation, body)
	switch {
	case err != nil:
		return reply, err
	case status != http.StatusOK:
		return reply, fmt.Errorf("the gateway at %s answered %d: %.200s", c.name, status, answer)
	}
	if err := json.Unmarshal(answer, &reply); err != nil || reply.Context.Reason == "" {
		return ingress.Reply{}, fmt.Errorf("the answer from %s is no decision: %.200s", c.name, answer)
	}
	return reply, nil
}

// exitOf is the exit code of a decision.
func exitOf(r ingress.Reply) int {
	switch r.Context.Reason {
	case access.ReasonViewStale, access.ReasonViewUnverified, access.ReasonClockUntrusted:
		return exitUnverifiable
	case access.ReasonAttackDetected:
		return exitAttack
	case access.ReasonAllowed:
		if r.Decision {
			return exitDone
		}
	}
	return exitDenied
}

func printReply(w io.Writer, r ingress.Reply) error {
	word := "denied"
	if r.Decision {
		word = "allowed"
	}
	c := r.Context
	line := word
	if string(c.Reason) != word {
		line += ": " + string(c.Reason)
	}
	if c.Grant != 0 {
		line += fmt.Sprintf(", grant %d", c.Grant)
	}
	if c.Segment != "" {
		line += fmt.Sprintf(", segment %s at height %d, sequence %d", c.Segment, c.Height, c.Sequence)
	}
	if c.Since != 0 {
		line += fmt.Sprintf(", since height %d", c.Since)
	}
	if c.Detail != "" {
		line += "\n  " + c.Detail
	}
	if c.Fix != "" {
		line += "\n  to change it: " + c.Fix
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
