package main

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/hallmark-ledger/hallmark/node/gateway/config"
	"github.com/hallmark-ledger/hallmark/node/gateway/ingress"
	"github.com/hallmark-ledger/hallmark/x/access"
)

func TestEachReasonHasItsExitCode(t *testing.T) {
	others := map[access.Reason]int{
		access.ReasonAllowed:        0,
		access.ReasonViewStale:      4,
		access.ReasonViewUnverified: 4,
		access.ReasonClockUntrusted: 4,
		access.ReasonAttackDetected: 5,
	}
	for _, reason := range access.Reasons() {
		want, ok := others[reason]
		if !ok {
			want = 3
		}
		r := ingress.Reply{Decision: reason == access.ReasonAllowed, Context: ingress.ReplyContext{Reason: reason}}
		if got := exitOf(r); got != want {
			t.Errorf("%s: exit code %d; want %d", reason, got, want)
		}
	}
	// An answer that contradicts itself does not allow.
	if got := exitOf(ingress.Reply{Context: ingress.ReplyContext{Reason: access.ReasonAllowed}}); got != exitDenied {
		t.Errorf("allowed without a decision: exit code %d", got)
	}
	if got := exitOf(ingress.Reply{Decision: true, Context: ingress.ReplyContext{Reason: access.ReasonViewStale}}); got != exitUnverifiable {
		t.Errorf("a decision that is stale: exit code %d", got)
	}
}

func TestAttributesAreReadAsTheyLook(t *testing.T) {
	for value, want := range map[string]access.Attribute{
		"4":                    {Kind: access.KindNumber, Number: 4},
		"-4":                   {Kind: access.KindNumber, Number: -4},
		"4.5":                  {Kind: access.KindText, Text: "4.5"},
		"99999999999999999999": {Kind: access.KindText, Text: "99999999999999999999"},
		"true":                 {Kind: access.KindTruth, Truth: true},
		"false":                {Kind: access.KindTruth},
		"True":                 {Kind: access.KindText, Text: "True"},
		"":                     {Kind: access.KindText},
		"a=b":                  {Kind: access.KindText, Text: "a=b"},
		`"4"`:                  {Kind: access.KindText, Text: "4"},
		`"true"`:               {Kind: access.KindText, Text: "true"},
		`"half`:                {Kind: access.KindText, Text: `"half`},
	} {
		want.Name = "k"
		if got := attribute("k", value); got != want {
			t.Errorf("%s: %+v; want %+v", value, got, want)
		}
	}
}

func TestAListeningAddressIsReachedFromHere(t *testing.T) {
	for listening, want := range map[string]string{
		"127.0.0.1:8181": "127.0.0.1:8181",
		"0.0.0.0:8181":   "127.0.0.1:8181",
		":8181":          "127.0.0.1:8181",
		"[::]:8181":      "[::1]:8181",
		"localhost:8181": "localhost:8181",
		"10.1.2.3:8181":  "10.1.2.3:8181",
	} {
		if got := dialled(listening); got != want {
			t.Errorf("%s: %s; want %s", listening, got, want)
		}
	}
}

func TestTheAddressThatCallersAreTold(t *testing.T) {
	listening := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	for _, test := range []struct {
		decision config.Decision
		want     string
	}{
		{config.Decision{Address: "127.0.0.1:0"}, "http://127.0.0.1:9"},
		{config.Decision{Address: "127.0.0.1:0", Certificate: "c"}, "https://127.0.0.1:9"},
		{config.Decision{Address: "unix:/run/g.sock"}, "http://localhost"},
		{config.Decision{Address: "0.0.0.0:1", URL: "https://gateway.example"}, "https://gateway.example"},
	} {
		if got := publicURL(test.decision, listening); got != test.want {
			t.Errorf("%+v: %s; want %s", test.decision, got, test.want)
		}
	}
}

// When one corridor ends the other does, and no error is lost.
func TestTogetherTheyEnd(t *testing.T) {
	broken := errors.New("broken")
	waits := func(ctx context.Context) error { <-ctx.Done(); return nil }
	if err := together(context.Background(), waits, func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v; want the error of the one that broke", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := together(ctx, waits, waits); err != nil {
		t.Errorf("%v", err)
	}
}
