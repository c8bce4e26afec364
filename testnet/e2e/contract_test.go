package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// TestDocumentsReasons compares the closed list of reasons with docs/contract.md.
func TestDocumentsReasons(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "docs/contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n## Reasons\n")
	section, _, _ = strings.Cut(section, "\n## ")
	word := regexp.MustCompile("`([a-z_]+)`")
	var said []access.Reason
	for line := range strings.Lines(section) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), " |"); ok && strings.HasPrefix(line, "| `") {
			for _, match := range word.FindAllStringSubmatch("`"+cell, -1) {
				said = append(said, access.Reason(match[1]))
			}
		}
	}
	if want := access.Reasons(); !slices.Equal(said, want) {
		t.Errorf("docs/contract.md lists %v\nthe code %v", said, want)
	}
}
