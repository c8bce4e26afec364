package vault

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/types"
	bolt "go.etcd.io/bbolt"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Options of a vault.
type Options struct {
	ChainID string
	// Segments followed, <member>/<slug>, in the operator's order.
	Segments []string
	// ReadOnly opens beside nobody's writing: nothing can be updated, and a
	// corrupt file is an error.
	ReadOnly bool
	Log      *slog.Logger // nil: discard
}

// Vault is the verified records of a gateway. View and Updated are safe for
// concurrent use; the rest is for one writer.
type Vault struct {
	db       *bolt.DB
	path     string
	chainID  string
	segments []string
	log      *slog.Logger

	view   atomic.Pointer[View]
	broken atomic.Bool // writing met a corrupt page

	mu      sync.Mutex
	feeds   map[string]*held
	trail   []*types.LightBlock
	floor   time.Time
	attack  string
	resumed bool // by the wall clock alone, see Resume
	updated chan struct{}
}

// View is the current View; never nil.
func (v *Vault) View() *View { return v.view.Load() }

// Updated returns a channel that is closed when the View is next swapped. Take
// it before looking at the View.
func (v *Vault) Updated() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.updated
}

// swap puts a View in place; mu is held.
func (v *Vault) swap(view *View) {
	v.view.Store(view)
	close(v.updated)
	v.updated = make(chan struct{})
}

// Trail is the headers believed, ascending; verification goes on from the last.
// Earlier ones serve to find what a node that differs still shares.
func (v *Vault) Trail() []*types.LightBlock {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]*types.LightBlock(nil), v.trail...)
}

// Floor is the greatest time that was ever verified.
func (v *Vault) Floor() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.floor
}

// Feeds are the names of the feeds followed: segments in order, members last.
func (v *Vault) Feeds() []string {
	names := make([]string, 0, len(v.segments)+1)
	for _, id := range v.segments {
		names = append(names, feed.Segment(id))
	}
	return append(names, feed.Members)
}

// Close ends the use of the file. Views stay readable.
func (v *Vault) Close() error {
	if v.broken.Load() {
		return nil // see write
	}
	return v.db.Close()
}

// ErrBack means that a header is not above what was believed before: heights
// and header times never go back.
var ErrBack = errors.New("goes back")

// Believe keeps a header that was believed, and the floor of time.
func (v *Vault) Believe(b header.Believed, floor time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	next, err := v.extend(b.Block())
	if err != nil {
		return err
	}
	floor = later(floor, v.floor, b.Block().Time)
	if err := v.write(func(tx *bolt.Tx) error { return putTrail(tx, v.trail, next, floor) }); err != nil {
		return err
	}
	v.trail, v.floor = next, floor
	return nil
}

// later is the last of some times.
func later(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// extend returns the trail with the block at its end. The block that is there
// already changes nothing.
func (v *Vault) extend(block *types.LightBlock) ([]*types.LightBlock, error) {
	if block == nil {
		return nil, errors.New("no header was believed")
	}
	if block.ChainID != v.chainID {
		return nil, fmt.Errorf("header of chain %q; want %q", block.ChainID, v.chainID)
	}
	if n := len(v.trail); n > 0 {
		last := v.trail[n-1]
		if block.Height == last.Height && string(block.Header.Hash()) == string(last.Header.Hash()) {
			return v.trail, nil
		}
		if block.Height <= last.Height || !block.Time.After(last.Time) {
			return nil, fmt.Errorf("header %d of %s after header %d of %s: %w",
				block.Height, block.Time, last.Height, last.Time, ErrBack)
		}
	}
	return thin(append(append([]*types.LightBlock(nil), v.trail...), block)), nil
}

// maxTrail is how many headers are kept.
const maxTrail = 16

// thin drops the header whose absence widens the trail least, seen from its
// end: gaps grow with age.
func thin(trail []*types.LightBlock) []*types.LightBlock {
	for len(trail) > maxTrail {
		end := trail[len(trail)-1].Height
		best, least := 1, 2.0
		for i := 1; i < len(trail)-1; i++ {
			gap := float64(trail[i+1].Height - trail[i-1].Height)
			if share := gap / float64(end-trail[i-1].Height); share < least {
				best, least = i, share
			}
		}
		trail = append(trail[:best:best], trail[best+1:]...)
	}
	return trail
}

// Attack keeps that two chains were shown. From here on every View is of state
// attack, in this process and every later one, until the gateway is initialised
// anew: which of the two is true is for people to find out.
func (v *Vault) Attack(a *header.Attack) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.attack = a.Error()
	v.swap(v.view.Load().with(access.StateAttack, v.attack)) // deny first, then write
	return v.write(func(tx *bolt.Tx) error { return putAttack(tx, a) })
}

// Resume lets a View that was rebuilt from disk be used before a fresh header
// has proven it, in two cases: the anchor of this very boot names it (or an
// earlier one), or the machine has rebooted and the wall clock is not below the
// floor. In the second the basis of the clock is access.ClockRestarted, and only
// classes with on_restart trust_clock go on. It says which, or why not.
func (v *Vault) Resume(c *clock.Clock) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	view := v.view.Load()
	if view.State != access.StateUnverified || len(view.Heads) == 0 {
		return "nothing to resume"
	}
	if a, ok := c.Anchored(); ok {
		// A vault below its anchor was rolled back.
		if view.Height < a.Height || view.Height == a.Height && string(view.Header) != string(a.Hash) {
			return fmt.Sprintf("unverified: the vault is at height %d, but the anchor of this boot at %d", view.Height, a.Height)
		}
		v.swap(view.with(access.StateVerified, ""))
		return "resumed from the anchor of this boot"
	}
	if c.Now().Basis != access.ClockRestarted {
		return "unverified: the wall clock cannot be used"
	}
	v.resumed = true
	v.swap(view.with(access.StateVerified, ""))
	return "restarted: until a fresh header only classes with on_restart trust_clock go on"
}

// Restarted reports that the View rests on the wall clock alone: as long as it
// does, the clock must not be told of headers, or classes that deny after a
// restart would be decided by a View that nothing has proven.
func (v *Vault) Restarted() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.resumed
}
