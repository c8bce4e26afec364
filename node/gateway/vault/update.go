package vault

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/types"
	bolt "go.etcd.io/bbolt"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Update is the View of one height in the making. Use it from one goroutine,
// end it with [Update.Adopt] or [Update.Discard].
type Update struct {
	vault   *Vault
	block   *types.LightBlock
	height  int64
	pending []*pending
}

// pending is one feed on its way to its new head.
type pending struct {
	head    feed.Head
	old     *held // nil: from zero
	set     *feed.Set
	changes []feed.Change // to be written on top of old
	loaded  *held         // written under a new generation
	bytes   uint64
	records uint64
}

// Need is what a feed lacks to reach its head.
type Need struct {
	Head feed.Head
	// From is the sequence of the set held. Zero says that none is held, and
	// all records are needed.
	From uint64
	Zero bool
}

// Stage begins the View of the state that a believed header commits to: of
// height H when it is header H+1. Heads are one proven record for each feed
// followed, in any order, and nothing else.
func (v *Vault) Stage(b header.Believed, heads []proof.Verified) (*Update, error) {
	block := b.Block()
	if block == nil {
		return nil, errors.New("no header was believed")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.attack != "" {
		return nil, errors.New(v.attack)
	}
	if _, err := v.extend(block); err != nil {
		return nil, err
	}
	u := &Update{vault: v, block: block, height: block.Height - 1}
	if view := v.view.Load(); u.height < view.Height {
		return nil, fmt.Errorf("view of height %d after %d: %w", u.height, view.Height, ErrBack)
	}
	proven := map[string]proof.Verified{}
	for _, p := range heads {
		if !bytes.Equal(p.Root(), block.AppHash) {
			return nil, fmt.Errorf("head at key %x is proven under root %x, header %d has %X", p.Key(), p.Root(), block.Height, block.AppHash)
		}
		if p.Store() != feed.HeadStore {
			return nil, fmt.Errorf("head at key %x is of store %q; want %q", p.Key(), p.Store(), feed.HeadStore)
		}
		proven[string(p.Key())] = p
	}
	for _, name := range v.Feeds() {
		p, ok := proven[string(feed.HeadKey(name))]
		if !ok {
			return nil, fmt.Errorf("no proven head of feed %q", name)
		}
		next, err := v.pend(name, p.Value(), u.height)
		if err != nil {
			return nil, err
		}
		u.pending = append(u.pending, next)
	}
	return u, nil
}

// pend reads a head and compares it with the one held.
func (v *Vault) pend(name string, value []byte, height int64) (*pending, error) {
	p := &pending{old: v.feeds[name]}
	if err := p.head.Unmarshal(value); err != nil {
		return nil, fmt.Errorf("head of feed %q: %w", name, err)
	}
	switch {
	case p.head.Name != name:
		return nil, fmt.Errorf("head of feed %q names %q", name, p.head.Name)
	case len(p.head.Digest) != 32:
		return nil, fmt.Errorf("head of feed %q: digest of %d bytes", name, len(p.head.Digest))
	case p.head.Height > height:
		return nil, fmt.Errorf("head of feed %q is of height %d, above %d", name, p.head.Height, height)
	}
	if p.old == nil {
		return p, nil
	}
	switch {
	case p.head.Sequence < p.old.head.Sequence:
		return nil, fmt.Errorf("head of feed %q: sequence %d after %d: %w", name, p.head.Sequence, p.old.head.Sequence, ErrBack)
	case p.head.Sequence > p.old.head.Sequence:
		p.set = p.old.set
	case p.old.set.Check(&p.head) == nil:
		p.set = p.old.set
	default:
		p.old = nil // same sequence, other content: ours cannot be built upon
	}
	return p, nil
}

// Height of the View in the making.
func (u *Update) Height() int64 { return u.height }

// Needs lists the feeds that are not at their heads.
func (u *Update) Needs() []Need {
	var needs []Need
	for _, p := range u.pending {
		if p.set != nil && p.set.Check(&p.head) == nil {
			continue
		}
		n := Need{Head: p.head, Zero: p.old == nil}
		if p.old != nil {
			n.From = p.old.head.Sequence
		}
		needs = append(needs, n)
	}
	return needs
}

func (u *Update) find(name string) (*pending, error) {
	for _, p := range u.pending {
		if p.head.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("feed %q is not followed", name)
}

// Change applies a page of changes to a feed. What it takes is bounded by the
// head: no more records and bytes than the set will have. The removal of a key
// that is not held is nothing: it came and went in between.
func (u *Update) Change(name string, changes []feed.Change) error {
	p, err := u.find(name)
	if err != nil {
		return err
	}
	if p.set == nil || p.loaded != nil {
		return fmt.Errorf("feed %q: no set to change", name)
	}
	apply := make([]feed.Change, 0, len(changes))
	for _, c := range changes {
		if c.Removed {
			if _, ok := p.set.Get(c.Key); ok {
				apply = append(apply, c)
			}
			continue
		}
		p.records++
		p.bytes += uint64(len(c.Key) + len(c.Value))
		if err := p.bounded(); err != nil {
			return err
		}
		apply = append(apply, c)
	}
	if p.set, err = p.set.Apply(apply); err != nil {
		return err
	}
	p.changes = append(p.changes, apply...)
	return nil
}

func (p *pending) bounded() error {
	if p.records > p.head.Records || p.bytes > p.head.Bytes {
		return fmt.Errorf("%w: more than the %d records and %d bytes of the head", feed.ErrMismatch, p.head.Records, p.head.Bytes)
	}
	return nil
}

// Check compares a feed with its head.
func (u *Update) Check(name string) error {
	p, err := u.find(name)
	if err != nil {
		return err
	}
	if p.set == nil {
		return fmt.Errorf("%w: feed %q has no set", feed.ErrMismatch, name)
	}
	return p.set.Check(&p.head)
}

// Reset forgets what was staged of a feed, so that another source can be asked.
func (u *Update) Reset(name string) error {
	p, err := u.find(name)
	if err != nil {
		return err
	}
	p.changes, p.bytes, p.records, p.set = nil, 0, 0, nil
	if p.loaded != nil {
		if err := u.drop(p); err != nil {
			return err
		}
	}
	if p.old != nil {
		p.set = p.old.set
	}
	return nil
}

// Adopt compares every set with its head, writes all feeds, the header and the
// floor in one transaction, and swaps the View. An error leaves all as it was.
func (u *Update) Adopt(floor time.Time) error {
	v := u.vault
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.attack != "" {
		return errors.New(v.attack)
	}
	trail, err := v.extend(u.block)
	if err != nil {
		return err
	}
	feeds := map[string]*held{}
	for _, p := range u.pending {
		if p.set == nil {
			return fmt.Errorf("%w: feed %q has no set", feed.ErrMismatch, p.head.Name)
		}
		if err := p.set.Check(&p.head); err != nil {
			return fmt.Errorf("feed %q: %w", p.head.Name, err)
		}
		h := &held{head: p.head, set: p.set}
		switch {
		case p.loaded != nil:
			h.generation = p.loaded.generation
		case p.old != nil:
			h.generation = p.old.generation
		default:
			return fmt.Errorf("feed %q was not loaded", p.head.Name)
		}
		feeds[p.head.Name] = h
	}
	view, err := build(v.segments, feeds, u.height, u.block.Time, u.block.Header.Hash())
	if err != nil {
		return err
	}
	view.State = access.StateVerified
	floor = later(floor, v.floor, u.block.Time)
	if err := v.write(func(tx *bolt.Tx) error {
		if err := putTrail(tx, v.trail, trail, floor); err != nil {
			return err
		}
		for _, p := range u.pending {
			if err := p.put(tx, feeds[p.head.Name]); err != nil {
				return fmt.Errorf("feed %q: %w", p.head.Name, err)
			}
		}
		return putView(tx, view)
	}); err != nil {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	v.feeds, v.trail, v.floor = feeds, trail, floor
	v.resumed = false
	v.swap(view)
	return nil
}

// put writes the changes of a feed and the head that makes them count.
func (p *pending) put(tx *bolt.Tx, h *held) error {
	records := tx.Bucket(bucketRecords)
	if p.loaded == nil && len(p.changes) > 0 {
		bucket := records.Bucket(generationKey(p.head.Name, h.generation))
		if bucket == nil {
			return fmt.Errorf("%w: no records of generation %d", errCorrupt, h.generation)
		}
		for _, c := range p.changes {
			var err error
			if c.Removed {
				err = bucket.Delete(c.Key)
			} else {
				err = bucket.Put(c.Key, c.Value)
			}
			if err != nil {
				return err
			}
		}
	}
	if p.loaded != nil && p.old != nil {
		if err := records.DeleteBucket(generationKey(p.head.Name, p.old.generation)); err != nil {
			return err
		}
	}
	return putHead(tx, h)
}

// Discard ends an update that is not adopted.
func (u *Update) Discard() error {
	for _, p := range u.pending {
		if p.loaded != nil {
			if err := u.drop(p); err != nil {
				return err
			}
		}
	}
	u.pending = nil
	return nil
}
