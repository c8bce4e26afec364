package accesscli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

const policyJSON = `{"prefixes":["mqtt:plant/"],"classes":{"read":{"max_staleness":"1h"}},"actions":{"get":"read"}}`

var (
	device = identity.ID(identity.KeyDigest{1})
	now    = time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A mistake in the call is told by name before any node is asked.
func TestMistakesAreNamed(t *testing.T) {
	policy := write(t, "policy.json", policyJSON)
	bad := write(t, "bad.json", strings.Replace(policyJSON, "1h", "1s", 1))
	lines := write(t, "grants.jsonl", `{"subject":"`+device+`","actions":["get"],"resources":["mqtt:plant/#"],"until":"1d"}
{"subject":"`+device+`","actions":["get","get"],"resources":["mqtt:plant/#"],"until":"1d"}`)
	empty := write(t, "empty.jsonl", "\n\n")
	grant := func(args ...string) []string {
		return append([]string{"grant", "acme/plant"}, args...)
	}
	full := func(args ...string) []string {
		return append(grant("--subject", device, "--action", "get", "--resource", "mqtt:plant/#", "--until", "1d"), args...)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no slug":         {[]string{"create-segment", "--policy", policy}, "accepts 1 arg(s), received 0"},
		"no policy":       {[]string{"create-segment", "plant"}, `required flag(s) "policy" not set`},
		"slug":            {[]string{"create-segment", "Plant", "--policy", policy}, "slug: "},
		"policy":          {[]string{"create-segment", "plant", "--policy", bad}, bad + ": classes[0].max_staleness"},
		"no such policy":  {[]string{"create-segment", "plant", "--policy", "nowhere.json"}, "policy: "},
		"segment":         {[]string{"set-policy", "plant", policy}, "segment: "},
		"no subject":      {grant("--action", "get", "--resource", "mqtt:plant/#", "--until", "1d"), `required flag(s) "subject" not set`},
		"subject":         {full("--subject", "x"), "grants[1].subject: "},
		"action":          {full("--action", ""), "grants[0].actions[1]: "},
		"action twice":    {full("--action", "get"), "grants[0].actions[1]: "},
		"resource":        {full("--resource", "plant/#"), "grants[0].resources[1]: "},
		"until":           {full("--until", "soon"), "grants[0].until: "},
		"ends before now": {full("--until", "2020-01-01T00:00:00Z"), "grants[0].not_after: "},
		"too long":        {full("--until", "401d"), "grants[0].not_after: "},
		"begins too late": {full("--not-before", "2d"), "grants[0].not_before: "},
		"condition":       {full("--condition", "temperature"), "grants[0].conditions[0]: "},
		"depth":           {full("--max-delegation-depth", "5"), "grants[0].max_delegation_depth: "},
		"line":            {[]string{"grant-batch", "acme/plant", lines}, lines + ":2: actions[1]: "},
		"no lines":        {[]string{"grant-batch", "acme/plant", empty}, empty + ": no grants"},
		"no file":         {[]string{"grant-batch", "acme/plant", "nowhere.jsonl"}, "open nowhere.jsonl"},
		"no grant":        {[]string{"revoke", "acme/plant"}, "requires at least 2 arg(s)"},
		"grant":           {[]string{"revoke", "acme/plant", "1", "0"}, "grant: "},
		"reason":          {[]string{"revoke", "acme/plant", "1", "--reason", "a\nb"}, "reason: "},
		"device":          {[]string{"admit", "x", "acme/plant"}, "device: "},
		"admitted":        {[]string{"admit", device, "x"}, "segment: "},
	} {
		if err := run(TxCommand(), test.args); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"segment":    {[]string{"segment", "x"}, "segment: "},
		"grant":      {[]string{"grant", "acme/plant", "x"}, "grant: "},
		"subject":    {[]string{"grants", "acme/plant", "--subject", "x"}, "subject: "},
		"expiring":   {[]string{"grants", "acme/plant", "--expiring-before", "x"}, "expiring-before: "},
		"no action":  {[]string{"decide", "--subject", device, "--resource", "mqtt:a"}, `required flag(s) "action" not set`},
		"no device":  {[]string{"decide", "--subject", "x", "--action", "a", "--resource", "mqtt:a"}, "subject: "},
		"no context": {[]string{"decide", "--subject", device, "--action", "a", "--resource", "mqtt:a", "--context", "x"}, "context: "},
	} {
		if err := run(QueryCommand(), test.args); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("query, %s: %v; want %q", name, err, test.want)
		}
	}
}

func run(cmd *cobra.Command, args []string) error {
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	return cmd.Execute()
}

func TestSpec(t *testing.T) {
	a := ask{
		Subject: device, Actions: []string{"get"}, Resources: []string{"mqtt:plant/#"}, Until: "1d",
		NotBefore: "2026-03-01T13:00:00Z", Conditions: []string{"temperature<=30"}, MaxDelegationDepth: 1,
	}
	got, err := a.spec(now)
	if err != nil {
		t.Fatal(err)
	}
	begins := now.Truncate(time.Second).Add(time.Hour)
	want := types.GrantSpec{
		Subject: device, Actions: a.Actions, Resources: a.Resources,
		NotBefore: &begins, NotAfter: now.Truncate(time.Second).Add(24 * time.Hour), MaxDelegationDepth: 1,
		Conditions: []access.Condition{{Attribute: "temperature", Operator: access.OperatorLe, Value: &access.Condition_Number{Number: 30}}},
	}
	if got.String() != want.String() {
		t.Errorf("%v\nwant %v", &got, &want)
	}
}

func TestBatchLines(t *testing.T) {
	good := `{"subject":"` + device + `","actions":["get"],"resources":["mqtt:plant/#"],"until":"1d"}`
	if specs, err := readBatch(write(t, "a", good+"\n\n"+good), now); err != nil || len(specs) != 2 {
		t.Errorf("%v, %v", specs, err)
	}
	for says, line := range map[string]string{
		"unknown field":     strings.Replace(good, "until", "untill", 1),
		"something follows": good + good,
		"unexpected EOF":    good[:20],
		"token too long":    strings.Repeat(" ", maxLine+1),
	} {
		if _, err := readBatch(write(t, "a", good+"\n"+line), now); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), ":2: ") {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestParseAttribute(t *testing.T) {
	for text, want := range map[string]types.Attribute{
		"n=-3":     {Name: "n", Value: &types.Attribute_Number{Number: -3}},
		"b=true":   {Name: "b", Value: &types.Attribute_Truth{Truth: true}},
		"t=true ":  {Name: "t", Value: &types.Attribute_Text{Text: "true "}},
		`t="true"`: {Name: "t", Value: &types.Attribute_Text{Text: "true"}},
		"t=a=b":    {Name: "t", Value: &types.Attribute_Text{Text: "a=b"}},
		"t=":       {Name: "t", Value: &types.Attribute_Text{}},
	} {
		if got, err := parseAttribute(text); err != nil || got.String() != want.String() {
			t.Errorf("%q: %v, %v", text, &got, err)
		}
	}
	for _, text := range []string{"", "n", "=1", `t="x`} {
		if got, err := parseAttribute(text); err == nil {
			t.Errorf("%q: %v", text, &got)
		}
	}
}

// Every command says what it does, how, and with an example.
func TestCommandsExplainThemselves(t *testing.T) {
	for _, group := range []*cobra.Command{TxCommand(), QueryCommand()} {
		if n := len(group.Commands()); n != 6 {
			t.Errorf("%d commands", n)
		}
		for _, cmd := range group.Commands() {
			if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, "hallmarkd") || cmd.Args == nil {
				t.Errorf("%s does not explain itself", cmd.Name())
			}
		}
	}
}
