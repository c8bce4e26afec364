package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
)

// Follower brings the chain into the vault. Step and Run are for one goroutine;
// Status is safe for concurrent use.
type Follower struct {
	cfg   Config
	vault *vault.Vault
	clock *clock.Clock
	log   *slog.Logger
	peers []*peer // the primary first

	mu      sync.Mutex
	primary string // who served last
	lastErr string
	seen    bool // a View was adopted in this process
}

// New checks the configuration. It asks nobody, and leaves the View as it is.
func New(cfg Config, v *vault.Vault, c *clock.Clock, log *slog.Logger) (*Follower, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	nodes, err := cfg.nodes()
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Follower{cfg: cfg, vault: v, clock: c, log: log.With("chain_id", cfg.ChainID), primary: nodes[0].URL()}
	for _, n := range nodes {
		f.peers = append(f.peers, &peer{Node: n, state: peerUnknown})
	}
	view := v.View()
	f.log.Info("vault opened", "height", view.Height, "feeds", len(view.Heads))
	return f, nil
}

// Resume lets the View from the disk be used before a fresh header has proven
// it, if it may: see [vault.Vault.Resume]. Run does so only when no fresh header
// is to be had, since what was revoked meanwhile is in none but a fresh one. It
// must not be called during a Step, which may begin to trust the clock.
func (f *Follower) Resume() {
	f.log.Info("no fresh header yet", "view", f.vault.Resume(f.clock))
}

// Step follows the chain to the highest height that can be believed now. It
// returns nil when a View was adopted. An error that is source.ErrNotYet means
// that there is nothing new; any other has been logged, and held against the
// node it names.
func (f *Follower) Step(ctx context.Context) error {
	trail, err := f.trust(ctx)
	if err != nil {
		return err
	}
	round, err := f.next(ctx, trail)
	if err != nil {
		return err
	}
	believed, at, err := f.believe(ctx, &round, trail)
	if err != nil {
		return err
	}
	heads, err := prove(ctx, round.primary.Node, believed, f.vault.Feeds())
	if err != nil {
		return f.fail(round, believed, err)
	}
	update, err := f.vault.Stage(believed, heads)
	if err != nil {
		return f.fail(round, believed, err)
	}
	if err := fetch(ctx, round.primary.Node, update); err != nil {
		return f.fail(round, believed, errors.Join(err, update.Discard()))
	}
	return f.adopt(round, believed, update, at)
}

// trust returns the headers believed so far; the first of all is the one that
// was trusted by hand.
func (f *Follower) trust(ctx context.Context) ([]*types.LightBlock, error) {
	trail := f.vault.Trail()
	for _, b := range trail {
		if b.Height == f.cfg.TrustHeight && !bytes.Equal(b.Header.Hash(), f.cfg.TrustHash) {
			return nil, f.note(fmt.Errorf("%w: the vault believed header %d with hash %X; the configuration trusts %X",
				ErrTrust, b.Height, b.Header.Hash(), f.cfg.TrustHash))
		}
	}
	if n := len(trail); n > 0 {
		expires := trail[n-1].Time.Add(f.cfg.TrustingPeriod)
		if f.clock.Floor().Before(expires) || f.cfg.TrustHeight <= trail[n-1].Height {
			return trail, nil
		}
		// What was believed has expired, but a later header was trusted by hand.
	}
	var differ, silent []error
	for _, p := range f.peers {
		root, err := f.root(ctx, p)
		if err == nil {
			if err := f.vault.Believe(root, f.clock.Floor()); err != nil {
				return nil, f.note(err)
			}
			f.log.Info("trust begins", "height", f.cfg.TrustHeight, "hash", fmt.Sprintf("%X", f.cfg.TrustHash), "source", p.URL())
			return f.vault.Trail(), nil
		}
		if errors.Is(err, source.ErrWrong) {
			differ = append(differ, err)
		} else {
			silent = append(silent, err)
		}
		f.blame(p, err)
	}
	if len(differ) > f.cfg.Agree && len(silent) == 0 {
		return nil, f.note(fmt.Errorf("%w: %w", ErrTrust, errors.Join(differ...)))
	}
	return nil, f.note(fmt.Errorf("trusted header %d: %w", f.cfg.TrustHeight, errors.Join(append(differ, silent...)...)))
}

// ErrTrust means that no node has the header that was trusted by hand: either
// the height or hash is wrong, or every address is.
var ErrTrust = errors.New("no node has the trusted header")

func (f *Follower) root(ctx context.Context, p *peer) (header.Believed, error) {
	block, err := p.LightBlock(ctx, f.cfg.TrustHeight, nil)
	if err != nil {
		return header.Believed{}, err
	}
	return f.cfg.rules().Root(p.URL(), block, f.cfg.TrustHash)
}

// next asks who is where, and chooses.
func (f *Follower) next(ctx context.Context, trail []*types.LightBlock) (round, error) {
	believed := trail[len(trail)-1].Height
	now := time.Now()
	var ready []*peer
	for _, p := range f.peers {
		if !p.aside(now) {
			ready = append(ready, p)
		}
	}
	if len(ready) <= f.cfg.Agree {
		return round{}, f.note(fmt.Errorf("%w: %d of %d are not set aside; want %d", errTooFew, len(ready), len(f.peers), f.cfg.Agree+1))
	}
	reports := heights(ctx, ready, believed, f.cfg.Agree+1)
	for _, r := range reports {
		if r.err != nil {
			f.blame(r.peer, r.err)
		}
	}
	chosen, err := choose(ready, reports, believed, f.cfg.Agree, now)
	if errors.Is(err, errTooFew) {
		return chosen, f.note(err)
	}
	if err != nil && chosen.above {
		return chosen, fmt.Errorf("%w: above height %d", errLagging, believed)
	}
	return chosen, err
}

// errLagging means that some node has a new height and too few others yet.
var errLagging = fmt.Errorf("%w: witnesses lag", source.ErrNotYet)

// believe asks for the header and returns the reading of the boot clock when it
// came. From here on verified time knows of it, unless the View rests on the
// wall clock: then only a proven View may.
func (f *Follower) believe(ctx context.Context, r *round, trail []*types.LightBlock) (header.Believed, time.Duration, error) {
	at := time.Duration(-1)
	believed, findings, err := r.believe(ctx, f.cfg.rules(), header.Question{
		Trail: trail,
		Now: func(agreed time.Time) (time.Time, bool) {
			at = f.clock.Reading()
			return f.clock.ForHeader(agreed)
		},
	})
	for _, found := range findings {
		p := f.find(found.Node)
		f.blame(p, found.Err)
		r.witnesses = slices.DeleteFunc(r.witnesses, func(w *peer) bool { return w == p })
	}
	var attack *header.Attack
	switch {
	case errors.As(err, &attack):
		return believed, at, f.attacked(ctx, attack)
	case errors.Is(err, header.ErrTooFew):
		return believed, at, fmt.Errorf("%w: %w", errLagging, err)
	case err != nil:
		f.blameFor(r.primary, err)
		return believed, at, f.note(err)
	}
	if !f.vault.Restarted() {
		f.clock.Believe(believed.Block().Time, at)
	}
	return believed, at, nil
}

// adopt swaps the View in and leaves an anchor for a process to come.
func (f *Follower) adopt(r round, believed header.Believed, u *vault.Update, at time.Duration) error {
	before, restarted := f.vault.View(), f.vault.Restarted()
	if err := u.Adopt(f.clock.Floor()); err != nil {
		return f.fail(r, believed, errors.Join(err, u.Discard()))
	}
	view := f.vault.View()
	// After a reboot the time is verified only by the header after this one: a
	// decision that is under way may still hold the View from disk, and must not
	// meet a verified time.
	if !restarted {
		f.clock.Believe(believed.Block().Time, at)
	}
	if err := f.clock.Anchor(view.Height, view.Header); err != nil {
		f.log.Warn("no anchor could be left: a restart will begin unverified", "err", err)
	}
	r.primary.served()
	for _, w := range r.witnesses {
		w.agreed()
	}
	f.adopted(r, before, view)
	return nil
}

func (f *Follower) adopted(r round, before, view *vault.View) {
	f.mu.Lock()
	first := !f.seen
	if f.primary != r.primary.URL() {
		f.log.Debug("another node serves as primary", "source", r.primary.URL())
	}
	f.seen, f.primary, f.lastErr = true, r.primary.URL(), ""
	f.mu.Unlock()

	adoption := Adoption{Height: view.Height}
	for i := range view.Heads {
		if first || i < len(before.Heads) && before.Heads[i].Sequence == view.Heads[i].Sequence {
			continue
		}
		adoption.Changed = append(adoption.Changed, max(0, time.Since(view.Heads[i].Time)))
		f.log.Info("feed changed", "feed", view.Heads[i].Name, "sequence", view.Heads[i].Sequence,
			"records", view.Heads[i].Records, "height", view.Height)
	}
	if first {
		f.log.Info("view is verified", "height", view.Height, "head_time", view.Time.UTC().Format(time.RFC3339), "source", r.primary.URL())
	}
	if f.cfg.Adopted != nil {
		f.cfg.Adopted(adoption)
	}
}

// fail ends a round whose header was believed: the header is kept, so that
// neither heights nor times go back, and the error held against the primary if
// it is to blame.
func (f *Follower) fail(r round, believed header.Believed, err error) error {
	f.blameFor(r.primary, err)
	if errors.Is(err, source.ErrNotYet) {
		return fmt.Errorf("%w: %w", errLagging, err) // the same height again
	}
	if keep := f.vault.Believe(believed, f.clock.Floor()); keep != nil {
		err = errors.Join(err, keep)
	}
	return f.note(err)
}

// attacked denies everything from here on, and tells the nodes.
func (f *Follower) attacked(ctx context.Context, attack *header.Attack) error {
	err := f.vault.Attack(attack)
	f.log.Error("attack detected: everything is denied until the gateway is initialised anew",
		"height", attack.Height, "primary", attack.Primary, "witness", attack.Witness,
		"header", fmt.Sprintf("%X", attack.Block.Header.Hash()), "other", fmt.Sprintf("%X", attack.Other.Header.Hash()))
	for _, evidence := range attack.Evidence() {
		for _, p := range f.peers {
			if err := p.Report(ctx, evidence); err != nil {
				f.log.Warn("evidence was not taken", "source", p.URL(), "err", err)
			} else {
				f.log.Info("evidence sent", "source", p.URL(), "height", attack.Height)
			}
		}
	}
	return f.note(errors.Join(attack, err))
}

// blameFor holds an error against the primary if it is of a source.
func (f *Follower) blameFor(p *peer, err error) {
	var of *source.Error
	if errors.As(err, &of) {
		if !errors.Is(err, source.ErrNotYet) {
			p.demoted(time.Now())
		}
		f.blame(p, err)
	}
}

// blame sets a peer aside and names in the log what was wrong with it.
func (f *Follower) blame(p *peer, err error) {
	if p == nil {
		return
	}
	wait := p.failed(err, time.Now())
	if wait == 0 {
		return
	}
	what := ""
	var of *source.Error
	if errors.As(err, &of) {
		what = string(of.What)
	}
	level, message := slog.LevelInfo, "source is unavailable"
	if errors.Is(err, source.ErrWrong) {
		level, message = slog.LevelWarn, "source is wrong"
		_ = f.note(err)
	}
	f.log.Log(context.Background(), level, message, "source", p.URL(), "what", what, "set_aside", wait.String(), "err", err)
}

func (f *Follower) find(url string) *peer {
	for _, p := range f.peers {
		if p.URL() == url {
			return p
		}
	}
	return nil
}

// note keeps the error for the status.
func (f *Follower) note(err error) error {
	if err != nil && !errors.Is(err, context.Canceled) {
		f.mu.Lock()
		f.lastErr = err.Error()
		f.mu.Unlock()
	}
	return err
}
