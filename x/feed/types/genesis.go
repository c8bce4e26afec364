package types

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// DefaultGenesis has no feeds: modules create theirs.
func DefaultGenesis() *GenesisState { return &GenesisState{} }

// Validate checks everything that import relies on, digests too. Errors name
// the field and the feed.
func (g *GenesisState) Validate() error {
	_, err := g.Accumulators()
	return err
}

// Accumulators checks the state and returns the accumulator of each feed,
// recomputed from its records.
func (g *GenesisState) Accumulators() ([]feed.Accumulator, error) {
	accs := make([]feed.Accumulator, len(g.Feeds))
	records := make(map[string]map[string][]byte, len(g.Feeds)) // of open feeds
	for i := range g.Feeds {
		f := &g.Feeds[i]
		name := f.Head.Name
		if err := feed.ValidateName(name); err != nil {
			return nil, fmt.Errorf("feeds[%d].head.%w", i, err)
		}
		if i > 0 && strings.Compare(g.Feeds[i-1].Head.Name, name) >= 0 {
			return nil, fmt.Errorf("feeds[%d].head.name: %q after %q; want names to ascend", i, name, g.Feeds[i-1].Head.Name)
		}
		held, err := f.accumulate(&accs[i])
		if err != nil {
			return nil, fmt.Errorf("feeds[%d] %q: %w", i, name, err)
		}
		if !f.Head.Closed {
			records[name] = held
		}
	}
	return accs, g.validateShared(records)
}

// accumulate checks one feed, adds its records up and returns them.
func (f *Feed) accumulate(acc *feed.Accumulator) (map[string][]byte, error) {
	head := &f.Head
	if head.Height < 0 {
		return nil, fmt.Errorf("head.height: %d; want 0 or more", head.Height)
	}
	if f.PrunedTo > head.Sequence {
		return nil, fmt.Errorf("pruned_to: %d is above the head's sequence %d", f.PrunedTo, head.Sequence)
	}
	seen := make(map[string]struct{}, len(f.Changes))
	held := make(map[string][]byte, len(f.Changes))
	var size uint64
	last, removed := uint64(0), 0
	for i, c := range f.Changes {
		if c.Sequence <= last {
			return nil, fmt.Errorf("changes[%d].sequence: %d after %d; want sequences to ascend", i, c.Sequence, last)
		}
		last = c.Sequence
		if err := feed.ValidateRecord(c.Key, c.Value); err != nil {
			return nil, fmt.Errorf("changes[%d].%w", i, err)
		}
		if _, twice := seen[string(c.Key)]; twice {
			return nil, fmt.Errorf("changes[%d].key: %x stands twice", i, c.Key)
		}
		seen[string(c.Key)] = struct{}{}
		if !c.Removed {
			held[string(c.Key)] = c.Value
			size += uint64(len(c.Key) + len(c.Value))
			acc.Add(head.Name, c.Key, c.Value)
			continue
		}
		switch {
		case len(c.Value) > 0:
			return nil, fmt.Errorf("changes[%d].value: %d bytes of a removed key", i, len(c.Value))
		case c.Sequence <= f.PrunedTo:
			return nil, fmt.Errorf("changes[%d].sequence: removal %d is listed below pruned_to %d", i, c.Sequence, f.PrunedTo)
		case removed >= len(f.RemovedAt):
			return nil, fmt.Errorf("removed_at: %d times; want one for each removed change", len(f.RemovedAt))
		case f.RemovedAt[removed] < 0:
			return nil, fmt.Errorf("removed_at[%d]: %d; want 0 or more", removed, f.RemovedAt[removed])
		}
		removed++
	}
	digest := acc.Digest()
	switch {
	case removed != len(f.RemovedAt):
		return nil, fmt.Errorf("removed_at: %d times; want one for each of %d removed changes", len(f.RemovedAt), removed)
	case max(last, f.PrunedTo) != head.Sequence:
		return nil, fmt.Errorf("head.sequence: %d; the changes end at %d", head.Sequence, max(last, f.PrunedTo))
	case head.Records != uint64(len(held)):
		return nil, fmt.Errorf("head.records: %d; the changes hold %d", head.Records, len(held))
	case head.Bytes != size:
		return nil, fmt.Errorf("head.bytes: %d; the changes hold %d", head.Bytes, size)
	case !bytes.Equal(head.Digest, digest[:]):
		return nil, fmt.Errorf("head.digest: %x; the records add up to %x", head.Digest, digest)
	}
	return held, nil
}

func (g *GenesisState) validateShared(open map[string]map[string][]byte) error {
	names := make(map[string]bool, len(g.Feeds))
	for i := range g.Feeds {
		names[g.Feeds[i].Head.Name] = true
	}
	for i, s := range g.Shared {
		if err := feed.ValidateRecord(s.Key, s.Value); err != nil {
			return fmt.Errorf("shared[%d].%w", i, err)
		}
		if i > 0 && bytes.Compare(g.Shared[i-1].Key, s.Key) >= 0 {
			return fmt.Errorf("shared[%d].key: %x after %x; want keys to ascend", i, s.Key, g.Shared[i-1].Key)
		}
		if len(s.Feeds) > feed.MaxFanOut {
			return fmt.Errorf("shared[%d].feeds: %d; want at most %d", i, len(s.Feeds), feed.MaxFanOut)
		}
		if !slices.IsSorted(s.Feeds) || len(slices.Compact(slices.Clone(s.Feeds))) != len(s.Feeds) {
			return fmt.Errorf("shared[%d].feeds: want names to ascend", i)
		}
		for j, name := range s.Feeds {
			if !names[name] {
				return fmt.Errorf("shared[%d].feeds[%d]: no feed %q", i, j, name)
			}
			held, isOpen := open[name]
			if value, ok := held[string(s.Key)]; isOpen && (!ok || !bytes.Equal(value, s.Value)) {
				return fmt.Errorf("shared[%d].feeds[%d]: %q does not hold the record %x", i, j, name, s.Key)
			}
		}
	}
	return nil
}
