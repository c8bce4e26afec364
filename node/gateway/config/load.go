package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Prefix of the environment variables that override the file.
const Prefix = "HALLMARK_GATEWAY_"

// maxFile bounds the file: nobody writes a longer one.
const maxFile = 1 << 20

// ErrMissing means that the home holds no configuration yet.
var ErrMissing = errors.New("no configuration")

// Load reads the configuration of a home, lets the environment override it
// (each entry "NAME=value", as os.Environ gives them) and validates the result.
// A relative path in it is relative to the home.
func Load(home string, environ []string) (Config, error) {
	path := filepath.Join(home, FileName)
	file, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%w in %s: run hallmark-gateway init --home %s first", ErrMissing, home, home)
	}
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(file)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := c.Override(environ); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	for _, p := range []*string{&c.Decision.Certificate, &c.Decision.Key, &c.Decision.ClientCA} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(home, *p)
		}
	}
	return c, nil
}

// Parse reads a file over the defaults. Keys that it does not know are refused:
// a misspelt bound must not silently be no bound.
func Parse(file []byte) (Config, error) {
	if len(file) > maxFile {
		return Config{}, fmt.Errorf("%d bytes; want at most %d", len(file), maxFile)
	}
	c := Default()
	err := toml.NewDecoder(bytes.NewReader(file)).DisallowUnknownFields().Decode(&c)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var errs []error
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			errs = append(errs, fmt.Errorf("line %d: %s: unknown key", row, strings.Join(e.Key(), ".")))
		}
		return Config{}, errors.Join(errs...)
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, _ := wrong.Position()
		name := strings.Join(wrong.Key(), ".")
		if name != "" {
			name += ": "
		}
		return Config{}, fmt.Errorf("line %d: %s%s", row, name, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// Override applies HALLMARK_GATEWAY_<SECTION>_<KEY>. An unknown key of a
// section of ours is refused. A variable of no section of ours is left alone:
// orchestrators inject such (HALLMARK_GATEWAY_SERVICE_HOST for a service of
// this name).
func (c *Config) Override(environ []string) error {
	fields := c.fields()
	var errs []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, Prefix)
		if !ours {
			continue
		}
		section, _, _ := strings.Cut(rest, "_")
		known, done := false, false
		for i := range fields {
			f := &fields[i]
			known = known || strings.EqualFold(f.section, section)
			if f.env() != name {
				continue
			}
			done = true
			if err := f.set(text); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
		if known && !done {
			errs = append(errs, fmt.Errorf("%s: unknown key of section %s", name, strings.ToLower(section)))
		}
	}
	return errors.Join(errs...)
}

// File writes the configuration as a commented file.
func (c *Config) File() []byte {
	var b bytes.Buffer
	b.WriteString("# A gateway of Hallmark. Each key can be overridden by the environment:\n# " +
		Prefix + "<SECTION>_<KEY>, lists separated by commas.\n")
	section := ""
	for _, f := range c.fields() {
		if f.section != section {
			section = f.section
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		for line := range strings.SplitSeq(f.about, "\n") {
			if line != "" {
				b.WriteString("# " + line + "\n")
			}
		}
		fmt.Fprintf(&b, "%s = %s\n", f.key, f.toml())
	}
	return b.Bytes()
}

// ErrExists means that a home holds a configuration already.
var ErrExists = errors.New("configuration exists")

// Write validates the configuration and writes it into a home, which it
// creates. A file that is there already is refused unless force is set.
func (c *Config) Write(home string, force bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	path := filepath.Join(home, FileName)
	if _, err := os.Stat(path); err == nil && !force {
		return fmt.Errorf("%w: %s; --force overwrites it", ErrExists, path)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("create home: %w", err)
	}
	// By rename, so that a crash leaves the old file or the new one.
	temporary := path + ".new"
	if err := os.WriteFile(temporary, c.File(), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
