package access_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// fleet is a view of grants to devices, ten each, all with two comparisons of
// context, and requests of which half are denied.
func fleet(tb testing.TB, grants int) (*access.View, []access.Request) {
	tb.Helper()
	f := newFixture()
	devices := grants / 10
	requests := make([]access.Request, 0, 1024)
	for n := range devices {
		s := subject(n)
		f.addDevice(s)
		for k := range 10 {
			action := "publish"
			if k%2 == 1 {
				action = "get"
			}
			g := grant(action, fmt.Sprintf("mqtt:plant/line%d/dev%06d/#", k, n),
				number("temperature", access.OperatorLe, 80), number("pressure", access.OperatorGe, int64(k)))
			f.add(s, uint64(10*n+k+1), g)
		}
		if len(requests) < cap(requests) {
			k := n % 10
			action := "publish"
			if (k+n/10)%2 == 1 {
				action = "get"
			}
			requests = append(requests, access.Request{
				Subject: s, Action: action, Resource: fmt.Sprintf("mqtt:plant/line%d/dev%06d/state", k, n),
				Context: []access.Attribute{
					{Name: "pressure", Kind: access.KindNumber, Number: 50},
					{Name: "temperature", Kind: access.KindNumber, Number: 20},
				},
			})
		}
	}
	return f.view(tb), requests
}

func BenchmarkDecide(b *testing.B) {
	for _, grants := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(grants), func(b *testing.B) {
			view, requests := fleet(b, grants)
			now := verified(time.Second)
			allowed := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				if access.Decide(&requests[i%len(requests)], view, now).Allow {
					allowed++
				}
			}
			if allowed == 0 || allowed == b.N {
				b.Fatalf("%d of %d allowed; the requests are meant to be mixed", allowed, b.N)
			}
		})
	}
}
