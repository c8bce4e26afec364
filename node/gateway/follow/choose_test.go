package follow

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// TestChoose: the height is the highest that the primary and two witnesses
// report, whatever the others say.
func TestChoose(t *testing.T) {
	const none = -1 // did not answer
	for _, x := range []struct {
		heights   []int64 // in the order of the configuration
		believed  int64
		height    int64
		primary   int
		witnesses int
		err       error
		above     bool
	}{
		{heights: []int64{9, 9, 9, 9}, believed: 8, height: 9, primary: 0, witnesses: 3, above: true},
		{heights: []int64{9, 9, 9, 8}, believed: 7, height: 9, primary: 0, witnesses: 2, above: true},
		{heights: []int64{9, 9, 8, 8}, believed: 7, height: 8, primary: 0, witnesses: 3, above: true},
		{heights: []int64{7, 9, 9, 9}, believed: 7, height: 9, primary: 1, witnesses: 2, above: true},
		{heights: []int64{none, 9, 9, 9}, believed: 7, height: 9, primary: 1, witnesses: 2, above: true},
		{heights: []int64{1 << 60, 9, 9, 9}, believed: 8, height: 9, primary: 0, witnesses: 3, above: true},
		{heights: []int64{1 << 60, 1 << 60, 9, 9}, believed: 8, height: 9, primary: 0, witnesses: 3, above: true},
		{heights: []int64{0, 9, 9, 9}, believed: 8, height: 9, primary: 1, witnesses: 2, above: true},
		{heights: []int64{1 << 60, 8, 8, 8}, believed: 8, err: errNothingNew, above: true},
		{heights: []int64{8, 8, 8, 8}, believed: 8, err: errNothingNew},
		{heights: []int64{2, 2, 2, 2}, believed: 1, err: errNothingNew, above: true},
		{heights: []int64{9, 9, none, none}, believed: 8, err: errTooFew, above: true},
		{heights: []int64{none, none, none, none}, believed: 8, err: errTooFew},
	} {
		t.Run(fmt.Sprint(x.heights), func(t *testing.T) {
			var peers []*peer
			var reports []report
			for _, h := range x.heights {
				p := &peer{}
				peers = append(peers, p)
				r := report{peer: p, height: h}
				if h == none {
					r = report{peer: p, err: source.ErrUnavailable}
				}
				reports = append([]report{r}, reports...)
			}
			got, err := choose(peers, reports, x.believed, 2, time.Now())
			if !errors.Is(err, x.err) || got.above != x.above {
				t.Fatalf("%v, above %v; want %v, %v", err, got.above, x.err, x.above)
			}
			if err != nil {
				return
			}
			if got.height != x.height || got.primary != peers[x.primary] || len(got.witnesses) != x.witnesses {
				t.Errorf("%d, %d witnesses; want %d, %d", got.height, len(got.witnesses), x.height, x.witnesses)
			}
		})
	}
}

func TestASourceThatIsWrongWaitsLongerEachTime(t *testing.T) {
	now := time.Unix(0, 0)
	wrong := source.Wrong("n", source.Key, "x")
	var p peer
	var waits []time.Duration
	for range 9 {
		waits = append(waits, p.failed(wrong, now))
	}
	if waits[0] != 5*time.Second || waits[1] != 10*time.Second || waits[8] != 10*time.Minute {
		t.Errorf("%v", waits)
	}
	if !p.aside(now.Add(10*time.Minute-1)) || p.aside(now.Add(10*time.Minute)) {
		t.Error("set aside for another time")
	}
	p.agreed()
	if p.aside(now) || p.failed(wrong, now) != 5*time.Second {
		t.Error("does not begin anew after it agreed")
	}
	// Who does not know yet, or was cut off by us, is not to blame.
	for _, err := range []error{source.ErrNotYet, context.Canceled} {
		var p peer
		if p.failed(err, now) != 0 || p.aside(now) {
			t.Errorf("%v: set aside", err)
		}
	}
	var slow peer
	for range 20 {
		if w := slow.failed(errSlow, now); w > slowEnd {
			t.Errorf("a slow node waits %v", w)
		}
	}
}

func TestConfigurationNamesTheField(t *testing.T) {
	good := Config{
		ChainID: "c", TrustHeight: 1, TrustHash: make([]byte, 32), Primary: "http://a:1",
		Witnesses: []string{"http://b:1", "http://c:1"}, Segments: []string{"acme/plant"},
	}
	if _, err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*Config){
		"chain_id":        func(c *Config) { c.ChainID = "" },
		"trust_height":    func(c *Config) { c.TrustHeight = 0 },
		"trust_hash":      func(c *Config) { c.TrustHash = c.TrustHash[1:] },
		"trusting_period": func(c *Config) { c.TrustingPeriod = time.Second },
		"heartbeat":       func(c *Config) { c.Heartbeat = -1 },
		"agree":           func(c *Config) { c.Agree = -1 },
		"witnesses":       func(c *Config) { c.Witnesses = c.Witnesses[1:] },
		"witnesses[1]":    func(c *Config) { c.Witnesses = []string{"http://b:1", "http://a:1/rpc"} },
		"primary":         func(c *Config) { c.Primary = "a:1" },
		"segments":        func(c *Config) { c.Segments = nil },
		"segments[0]":     func(c *Config) { c.Segments = []string{"a b"} },
		"segments[1]":     func(c *Config) { c.Segments = []string{"acme/plant", "acme/plant"} },
	} {
		c := good
		spoil(&c)
		if _, err := c.validate(); err == nil || len(err.Error()) < len(field) || err.Error()[:len(field)+1] != field+":" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestWhoFailedAsPrimaryLeavesItsPartForAWhile(t *testing.T) {
	now := time.Unix(0, 0)
	peers := []*peer{{}, {}, {}}
	primary := func(at time.Time) int {
		var reports []report
		for _, p := range peers {
			reports = append(reports, report{peer: p, height: 9})
		}
		r, err := choose(peers, reports, 8, 2, at)
		if err != nil || len(r.witnesses) != 2 {
			t.Fatal(err)
		}
		for i, p := range peers {
			if p == r.primary {
				return i
			}
		}
		return -1
	}
	peers[0].demoted(now)
	peers[0].agreed() // as a witness it answers well
	if got := primary(now.Add(29 * time.Second)); got != 1 {
		t.Errorf("primary is %d", got)
	}
	if got := primary(now.Add(30 * time.Second)); got != 0 {
		t.Errorf("primary is %d", got)
	}
	peers[0].demoted(now)
	if got := primary(now.Add(59 * time.Second)); got != 1 {
		t.Errorf("primary is %d: the second failure weighs no more", got)
	}
	peers[1].demoted(now)
	peers[2].demoted(now)
	if got := primary(now); got != 0 {
		t.Errorf("primary is %d: when all have failed, the first", got)
	}
	peers[0].served()
	peers[0].demoted(now)
	if got := primary(now.Add(30 * time.Second)); got != 0 {
		t.Errorf("primary is %d", got)
	}
}

func TestPatienceGrowsWithWhatIsToCome(t *testing.T) {
	need := vault.Need{Head: feed.Head{Sequence: 1001, Bytes: 100 << 20}, From: 1000}
	if got := patience(need); got != fetchStart {
		t.Errorf("one change may take %v", got)
	}
	need.Zero = true
	if got := patience(need); got != fetchStart+800*time.Second {
		t.Errorf("100 MiB may take %v", got)
	}
}
