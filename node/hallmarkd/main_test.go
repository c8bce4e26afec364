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
