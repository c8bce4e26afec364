package keeper_test

import (
	"fmt"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// BenchmarkBlockOf1000Changes is a message's part and the end of the block.
func BenchmarkBlockOf1000Changes(b *testing.B) {
	l := newLedger()
	l.create(b, plant)
	value := make([]byte, 200)
	round := byte(0)
	set := func(n int) {
		round++
		value[0] = round
		for i := range n {
			ok(b, l.Set(l.ctx, feed.System, plant, fmt.Appendf(nil, "g-of-a-device-%08d", i*7919%10_000), value))
		}
		l.end(b)
	}
	set(10_000)
	b.ResetTimer()
	for b.Loop() {
		set(1000)
	}
}
