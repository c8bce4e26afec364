package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// round is one attempt: who answers for what, at which height.
type round struct {
	height    int64 // of the header; the state is that of the block before
	primary   *peer
	witnesses []*peer
	above     bool // someone reports more than what was believed
}

var (
	errNothingNew = fmt.Errorf("%w: no new height", source.ErrNotYet)
	errTooFew     = errors.New("too few nodes answer")
)

// choose takes the highest height that enough peers report, and of those as
// primary the one that stands first in the configuration and did not fail as
// primary just now. reports are in any order; peers in that of the
// configuration.
func choose(peers []*peer, reports []report, believed int64, agree int, now time.Time) (round, error) {
	var r round
	at := map[*peer]int64{}
	var all []int64
	for _, got := range reports {
		if got.err == nil {
			at[got.peer] = got.height
			all = append(all, got.height)
			r.above = r.above || got.height > believed
		}
	}
	if len(all) < agree+1 {
		return r, fmt.Errorf("%w: %d of %d; want %d", errTooFew, len(all), len(peers), agree+1)
	}
	slices.SortFunc(all, func(a, b int64) int { return int(min(max(b-a, -1), 1)) })
	// A liar that reports more than there is holds one of the first places,
	// and no more than one.
	r.height = all[agree]
	if r.height <= believed || r.height < 3 { // no proofs of heights below 2
		return r, errNothingNew
	}
	var have []*peer
	for _, p := range peers {
		if height, ok := at[p]; ok && height >= r.height {
			have = append(have, p)
		} else if ok {
			p.behind()
		}
	}
	first := max(0, slices.IndexFunc(have, func(p *peer) bool { return p.mayServe(now) }))
	r.primary = have[first]
	r.witnesses = slices.Delete(have, first, first+1)
	return r, nil
}

// believe asks primary and witnesses for the header.
func (r round) believe(ctx context.Context, rules header.Rules, q header.Question) (header.Believed, []header.Finding, error) {
	q.Height, q.Primary = r.height, r.primary
	for _, w := range r.witnesses {
		q.Witnesses = append(q.Witnesses, w)
	}
	return rules.Believe(ctx, q)
}

// prove asks the primary for the heads of feeds in the state that a header
// commits to, and verifies each.
func prove(ctx context.Context, node *source.Node, believed header.Believed, names []string) ([]proof.Verified, error) {
	var wg sync.WaitGroup
	heads, errs := make([]proof.Verified, len(names)), make([]error, len(names))
	slots := make(chan struct{}, 4)
	for i, name := range names {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			heads[i], errs[i] = proveHead(ctx, node, believed, name)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return heads, nil
}

func proveHead(ctx context.Context, node *source.Node, believed header.Believed, name string) (proof.Verified, error) {
	block := believed.Block()
	height := block.Height - 1
	claim, err := node.Value(ctx, feed.HeadStore, feed.HeadKey(name), height)
	if err != nil {
		return proof.Verified{}, fmt.Errorf("head of feed %q: %w", name, err)
	}
	v, err := proof.Verify(block.AppHash, claim.Store, claim.Key, claim.Value, claim.Ops)
	if err != nil {
		return proof.Verified{}, source.Wrong(node.URL(), whatOf(err), "head of feed %q at height %d: %w", name, height, err)
	}
	return v, nil
}

// whatOf names what a proof failed in.
func whatOf(err error) source.What {
	for sentinel, what := range map[error]source.What{
		proof.ErrOps: source.ProofOps, proof.ErrStore: source.Store, proof.ErrKey: source.Key,
		proof.ErrValue: source.Value, proof.ErrRoot: source.Root,
	} {
		if errors.Is(err, sentinel) {
			return what
		}
	}
	return source.Value
}

// What one source may take for one feed: a start, and the rest at a pace.
const (
	fetchStart = 5 * time.Second
	fetchPace  = 128 << 10 // bytes a second
)

// patience with a source that brings a feed to its head, by what that can be at
// most. One that drips must not keep a revocation from coming by another.
func patience(need vault.Need) time.Duration {
	most := need.Head.Bytes
	if !need.Zero {
		most = min(most, (need.Head.Sequence-need.From)*feed.MaxRecord)
	}
	return fetchStart + time.Duration(most/fetchPace)*time.Second
}

// fetch brings every feed of the update to its head, from one source.
func fetch(ctx context.Context, node *source.Node, u *vault.Update) error {
	for _, need := range u.Needs() {
		if err := fetchFeed(ctx, node, u, need); err != nil {
			return fmt.Errorf("feed %q: %w", need.Head.Name, err)
		}
	}
	return nil
}

func fetchFeed(ctx context.Context, node *source.Node, u *vault.Update, need vault.Need) error {
	if !need.Zero {
		within, cancel := context.WithTimeout(ctx, patience(need))
		err := fetchChanges(within, node, u, need)
		cancel()
		if !errors.Is(err, source.ErrGone) {
			return err
		}
		// History is pruned: all records, then. A liar who says so costs a
		// download.
		need.Zero = true
	}
	ctx, cancel := context.WithTimeout(ctx, patience(need))
	defer cancel()
	return fetchRecords(ctx, node, u, need)
}

// fetchChanges takes the changes (from, to] at exactly the height of the head.
func fetchChanges(ctx context.Context, node *source.Node, u *vault.Update, need vault.Need) error {
	name, to := need.Head.Name, need.Head.Sequence
	if err := u.Reset(name); err != nil {
		return err
	}
	for from := need.From; from < to; {
		page, err := node.Changes(ctx, &feed.ChangesRequest{Name: name, Since: from, Limit: 5000}, u.Height())
		if err != nil {
			return err
		}
		wrong := func(format string, args ...any) error {
			return source.Wrong(node.URL(), source.Changes, "%s after %d: "+format, append([]any{name, from}, args...)...)
		}
		if page.From != from || page.To <= from || page.To > to {
			return wrong("page is of (%d, %d], head at %d", page.From, page.To, to)
		}
		last := from
		for i := range page.Changes {
			c := &page.Changes[i]
			if c.Sequence <= last || c.Sequence > page.To {
				return wrong("sequence %d after %d in a page up to %d", c.Sequence, last, page.To)
			}
			last = c.Sequence
		}
		if err := u.Change(name, page.Changes); err != nil {
			return wrong("%w", err)
		}
		from = page.To
	}
	if err := u.Check(name); err != nil {
		return source.Wrong(node.URL(), source.Changes, "%s (%d, %d]: %w", name, need.From, to, err)
	}
	return nil
}

// fetchRecords takes all records at exactly the height of the head.
func fetchRecords(ctx context.Context, node *source.Node, u *vault.Update, need vault.Need) error {
	name := need.Head.Name
	loader, err := u.Load(name)
	if err != nil {
		return err
	}
	wrong := func(format string, args ...any) error {
		return source.Wrong(node.URL(), source.Records, name+": "+format, args...)
	}
	for key := []byte(nil); ; {
		page, err := node.Records(ctx, &feed.RecordsRequest{Name: name, Limit: 5000, PageKey: key}, u.Height())
		if err != nil {
			return err
		}
		if page.Head.Name != name || page.Head.Sequence != need.Head.Sequence {
			return wrong("page of feed %.200q at sequence %d; want %d", page.Head.Name, page.Head.Sequence, need.Head.Sequence)
		}
		for _, r := range page.Records {
			if err := loader.Add(r.Key, r.Value); errors.Is(err, vault.ErrDisk) {
				return err
			} else if err != nil {
				return wrong("%w", err)
			}
		}
		next := page.Pagination.NextKey
		if len(next) == 0 {
			break
		}
		if len(page.Records) == 0 || string(next) <= string(page.Records[len(page.Records)-1].Key) {
			return wrong("next page begins at %x, not above this one", next)
		}
		key = next
	}
	if err := loader.Done(); err != nil {
		return err
	}
	if err := u.Check(name); err != nil {
		return wrong("%w", err)
	}
	return nil
}
