package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named finds `x/feed.TestName` in a document: a folder and a test in it.
var named = regexp.MustCompile("`([a-z0-9/-]+)\\.((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)`")

// TestDocumentsClaims finds every test that docs/claims.md names.
func TestDocumentsClaims(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "docs/claims.md"))
	if err != nil {
		t.Fatal(err)
	}
	claims := named.FindAllStringSubmatch(string(raw), -1)
	if len(claims) < 30 {
		t.Fatalf("found %d tests in docs/claims.md", len(claims))
	}
	if all := strings.Count(string(raw), ".Test") + strings.Count(string(raw), ".Fuzz") + strings.Count(string(raw), ".Benchmark"); all != len(claims) {
		t.Errorf("docs/claims.md names %d tests, %d of them as `folder.TestName`", all, len(claims))
	}
	for _, claim := range claims {
		if !hasTest(t, filepath.Join(repository, claim[1]), claim[2]) {
			t.Errorf("docs/claims.md names %s.%s, which is not there", claim[1], claim[2])
		}
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
