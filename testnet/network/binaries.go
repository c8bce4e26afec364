package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hallmark-ledger/hallmark/testnet/progress"
)

// The programs a network runs.
const (
	NodeBinary    = "hallmarkd"
	GatewayBinary = "hallmark-gateway"
	selfBinary    = "hallmark-testnet"
)

// FindBinaries returns the path of each program: from dir if it is given, else
// beside the running executable, else (under `go run`) built from the module
// in the working directory into build.
func FindBinaries(ctx context.Context, dir, build string, tell *progress.Teller) (map[string]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if dir != "" {
		found, missing := lookIn(dir)
		if missing != "" {
			return nil, fmt.Errorf("--binaries %s: %s is not there or cannot be run", dir, missing)
		}
		found[selfBinary] = self
		return found, nil
	}
	if found, missing := lookIn(filepath.Dir(self)); missing == "" {
		found[selfBinary] = self
		return found, nil
	}
	module, err := moduleRoot(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s and %s are not beside %s, and the working directory is not the source tree: name their directory with --binaries DIR", NodeBinary, GatewayBinary, self)
	}
	done := tell.Wait("building %s and %s: minutes the first time", NodeBinary, GatewayBinary)
	err = Build(ctx, module, build)
	done(err, "")
	if err != nil {
		return nil, err
	}
	found, missing := lookIn(build)
	if missing != "" {
		return nil, fmt.Errorf("%s: %s was not built", build, missing)
	}
	found[selfBinary] = self
	return found, nil
}

func lookIn(dir string) (found map[string]string, missing string) {
	found = map[string]string{}
	for _, name := range []string{NodeBinary, GatewayBinary} {
		path, err := filepath.Abs(filepath.Join(dir, name))
		if err == nil {
			_, err = exec.LookPath(path)
		}
		if err != nil {
			return nil, name
		}
		found[name] = path
	}
	return found, ""
}

const modulePath = "github.com/hallmark-ledger/hallmark"

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if path != modulePath {
		return "", errors.New("not the module " + modulePath)
	}
	return dir, nil
}

// Build builds the programs of the module into a directory.
func Build(ctx context.Context, module, into string) error {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", into+string(filepath.Separator), "./node/"+NodeBinary, "./node/"+GatewayBinary)
	command.Dir = module
	// As make builds them, so that both use one cache of packages.
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, out)
	}
	return nil
}
