package network

import (
	"fmt"
	"os"
	"strings"
)

// setTOML changes values of keys that a TOML file already has and leaves all
// else, comments too, as it is. A key is "section.key", or "key" before the
// first section; a value is TOML. A key that is not there is an error: then the
// program that wrote the file has changed, and a silent default would hide it.
func setTOML(path string, values map[string]string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	left := make(map[string]string, len(values))
	for key, value := range values {
		left[key] = value
	}
	section := ""
	lines := strings.Split(string(raw), "\n")
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			section = strings.Trim(text, "[]") + "."
			continue
		}
		key, _, found := strings.Cut(text, "=")
		if !found || strings.HasPrefix(text, "#") {
			continue
		}
		name := section + strings.TrimSpace(key)
		if value, ok := left[name]; ok {
			lines[i] = strings.TrimSpace(key) + " = " + value
			delete(left, name)
		}
	}
	for name := range left {
		return fmt.Errorf("%s: no key %q to set", path, name)
	}
	return writeFile(path, []byte(strings.Join(lines, "\n")), 0o600)
}

func quoted(text string) string { return `"` + text + `"` }
