package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentsDependencies finds each direct dependency of go.mod in
// docs/dependencies.md, and each module of its table in go.mod.
func TestDocumentsDependencies(t *testing.T) {
	read := func(path string) string {
		raw, err := os.ReadFile(filepath.Join(repository, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	page, left, _ := strings.Cut(read("docs/dependencies.md"), "## What we left out")
	if left == "" {
		t.Fatal("docs/dependencies.md has lost its last section")
	}
	required := map[string]bool{}
	for line := range strings.Lines(read("go.mod")) {
		module, version, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.HasPrefix(version, "v") {
			continue
		}
		required[module] = true
		if !strings.HasSuffix(version, "// indirect") && !strings.Contains(page, "`"+module+"`") {
			t.Errorf("go.mod requires %s directly; docs/dependencies.md has no reason for it", module)
		}
	}
	product, _, _ := strings.Cut(page, "## Tests and tools")
	for line := range strings.Lines(product) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for _, module := range strings.Split(cell, ", ") {
			if module = strings.Trim(module, "`"); strings.Contains(module, ".") && strings.HasPrefix(line, "| `") && !required[module] {
				t.Errorf("docs/dependencies.md lists %s, which go.mod does not require", module)
			}
		}
	}
}
