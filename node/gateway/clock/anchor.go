package clock

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Anchor is what a process leaves for its successor in the same boot: verified
// time, and the View that it rested on.
type Anchor struct {
	BootID string        `json:"boot_id"`
	At     time.Duration `json:"boot_reading"`
	Time   time.Time     `json:"time"`
	Height int64         `json:"height"`
	Hash   []byte        `json:"hash"`
}

// Anchored is the anchor that this clock resumed from; false when there was
// none of this boot.
func (c *Clock) Anchored() (Anchor, bool) { return c.was, c.was.BootID != "" }

// Anchor leaves an anchor for the View whose header has that height and hash.
func (c *Clock) Anchor(height int64, hash []byte) error {
	s := c.state.Load()
	if c.anchor == "" || !s.known || c.boot.ID() == "" {
		return nil
	}
	body, err := json.Marshal(Anchor{BootID: c.boot.ID(), At: s.at, Time: s.time, Height: height, Hash: hash})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.anchor), 0o700); err != nil {
		return err
	}
	// By rename, so that a reader never sees half of it. No sync: the directory
	// does not outlive the boot.
	tmp := c.anchor + ".new"
	if err := os.WriteFile(tmp, body, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, c.anchor)
}

// readAnchor refuses a file that others could have written.
func readAnchor(path string) (a Anchor, ok bool) {
	if path == "" {
		return a, false
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 || info.Size() > 4096 {
		return a, false
	}
	body, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(body, &a) != nil {
		return Anchor{}, false
	}
	return a, true
}

// DropAnchor removes the anchor: the next process starts unverified.
func (c *Clock) DropAnchor() error {
	if c.anchor == "" {
		return nil
	}
	if err := os.Remove(c.anchor); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
