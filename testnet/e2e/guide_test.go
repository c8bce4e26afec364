package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The addresses of a guide (RFC 5737), and those on which a test plays its
// machines: all of 127/8 is this machine, and the default ports of a node are
// free there even while another node runs.
var addresses = map[string]string{"192.0.2.1": "127.77.0.1", "192.0.2.2": "127.77.0.2"}

// scp copies between the machines of a test as scp does between real ones.
const scp = `#!/usr/bin/env bash
set -euo pipefail
files=()
for name; do
  case $name in
  127.77.*:*) name=$MACHINES/${name%%:*}/${name#*:} ;;
  esac
  files+=("$name")
done
cp -- "${files[@]}"
`

// ssh runs a command in the home of another machine of the test.
const ssh = `#!/usr/bin/env bash
set -euo pipefail
cd "$MACHINES/$1"
shift
exec "$@"
`

// machinesOf plays two machines. Each has its own home, address and loopback;
// the last is said by the environment, as nothing else tells them apart there.
func machinesOf(t *testing.T) map[string]*machine {
	t.Helper()
	dir := t.TempDir()
	shim := filepath.Join(dir, "bin")
	if err := os.MkdirAll(shim, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"scp": scp, "ssh": ssh} {
		if err := os.WriteFile(filepath.Join(shim, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	machines := map[string]*machine{}
	for name, said := range map[string]string{"one": "192.0.2.1", "two": "192.0.2.2"} {
		address := addresses[said]
		m := newMachine(t, dir, address, []string{shim, binaries(t)},
			"MACHINES="+dir,
			"HALLMARKD_GRPC_ADDRESS="+address+":9090",
			"HALLMARKD_API_ADDRESS=tcp://"+address+":1317",
			"HALLMARKD_RPC_PPROF_LADDR="+address+":6060",
			"HALLMARKD_P2P_ALLOW_DUPLICATE_IP=true",
			"HALLMARK_GATEWAY_DECISION_ADDRESS="+address+":8181",
		)
		pairs := []string{"127.0.0.1", address}
		for said, played := range addresses {
			pairs = append(pairs, said, played)
		}
		m.replace = strings.NewReplacer(pairs...)
		machines[name] = m
	}
	return machines
}

// TestDocumentsTwoMachines follows the guide from two empty homes to a gateway
// that decides, and on through the guide of the gateway.
func TestDocumentsTwoMachines(t *testing.T) {
	machines := machinesOf(t)
	follow(t, "docs/guides/two-machines.md", machines)
	follow(t, "docs/guides/gateway.md", machines)
}
