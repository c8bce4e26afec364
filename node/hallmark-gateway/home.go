package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
)

// anchorFile is where a gateway leaves an anchor for its successor in the same
// boot: in a folder of ours that does not outlive the boot. Empty when there is
// none; then a restarted gateway waits for a fresh header.
func anchorFile(home string) string {
	// Homes do not share an anchor.
	sum := sha256.Sum256([]byte(home))
	name := hex.EncodeToString(sum[:8]) + ".anchor"
	// systemd's RuntimeDirectory=, the user's own, root's.
	if folder := os.Getenv("RUNTIME_DIRECTORY"); filepath.IsAbs(folder) {
		return filepath.Join(folder, name)
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "hallmark-gateway", name)
	}
	if os.Getuid() == 0 {
		return filepath.Join("/run/hallmark-gateway", name)
	}
	return ""
}

// dropAnchor removes the anchor of a home.
func dropAnchor(home string) error {
	return clock.New(clock.Options{Anchor: anchorFile(home)}).DropAnchor()
}
