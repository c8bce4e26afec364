package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the command.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hallmarkd": main})
}

// TestScripts drives the real command line; nothing in it needs a network.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

func TestErrorsBeginWithWhatIsWrong(t *testing.T) {
	got := plain(`rpc error: code = Unknown desc = rpc error: code = Unknown desc = failed to execute message; message index: 0: grants[0]: 9 in segment "acme/plant": grant unknown [x/access/keeper/keeper.go:129] with gas used: '24700': unknown request`)
	if want := `grants[0]: 9 in segment "acme/plant": grant unknown`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
