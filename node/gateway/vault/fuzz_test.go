package vault

import (
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// FuzzLayout: bytes of a disk never end the process.
func FuzzLayout(f *testing.F) {
	f.Add([]byte{})
	f.Add(seal([]byte("chain")))
	f.Add(seal(append(heightKey(7), 15)))
	f.Add(seal(append(heightKey(7), []byte("\x0a\x01a")...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, raw := range [][]byte{b, seal(b)} {
			body, err := unseal(raw)
			if err == nil && len(body) != len(raw)-32 {
				t.Fatal("unsealed another length")
			}
			var head feed.Head
			_, _ = getHead(raw, &head)
			_, _ = attackText(raw)
			_, _, _, _ = decodeView(raw)
		}
		if block, err := decodeBlock(b); err == nil && block.SignedHeader != nil && block.ValidatorSet != nil {
			_ = block.ValidateBasic("c")
		}
	})
}
