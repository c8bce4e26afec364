package chaintest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
	"github.com/cosmos/iavl"
	idb "github.com/cosmos/iavl/db"
	ics23 "github.com/cosmos/ics23/go"

	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Chain is a chain of blocks. It is safe for concurrent use.
type Chain struct {
	ID string

	mu      sync.Mutex
	keys    []ed25519.PrivKey // of the validators of the next block
	next    []ed25519.PrivKey // of the one after
	blocks  []*types.LightBlock
	feeds   map[string]*ledger
	tree    *iavl.MutableTree
	appHash []byte // of the state after the last block
	other   []byte // root of the store beside
}

// ledger is a feed with its whole history.
type ledger struct {
	heads   []feed.Head // ascending in height
	changes []entry
	buffer  map[string]*[]byte // nil: removed
	pruned  uint64
}

type entry struct {
	feed.Change
	height int64
}

// New begins a chain whose first block will be of height 1. Validators are
// derived from the seed: chains of one seed have the same.
func New(id, seed string, validators int) *Chain {
	c := &Chain{
		ID: id, feeds: map[string]*ledger{}, other: bytes.Repeat([]byte{7}, 32),
		tree: iavl.NewMutableTree(idb.NewMemDB(), 1000, true, iavl.NewNopLogger()),
	}
	c.keys = Keys(seed, validators)
	c.next = c.keys
	root := must(c.tree.Hash(), nil)
	c.appHash, _ = c.stores(root)
	return c
}

// Keys are the keys of a seed.
func Keys(seed string, n int) (keys []ed25519.PrivKey) {
	for i := range n {
		keys = append(keys, ed25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "%s/%d", seed, i)))
	}
	return keys
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// SetValidators changes the validators from the block after the next on.
func (c *Chain) SetValidators(keys []ed25519.PrivKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = keys
}

func set(keys []ed25519.PrivKey) *types.ValidatorSet {
	var all []*types.Validator
	for _, k := range keys {
		all = append(all, types.NewValidator(k.PubKey(), 10))
	}
	return types.NewValidatorSet(all)
}

// Put changes a record in the next block; the feed begins with its first.
func (c *Chain) Put(name string, key, value []byte) { c.change(name, key, &value) }

// Remove removes a record in the next block.
func (c *Chain) Remove(name string, key []byte) { c.change(name, key, nil) }

func (c *Chain) change(name string, key []byte, value *[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.feeds[name]
	if l == nil {
		l = &ledger{}
		c.feeds[name] = l
	}
	if l.buffer == nil {
		l.buffer = map[string]*[]byte{}
	}
	l.buffer[string(key)] = value
}

// Prune forgets the history of a feed up to its sequence.
func (c *Chain) Prune(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.feeds[name]
	l.pruned = l.heads[len(l.heads)-1].Sequence
}

// Next makes the next block, at a time, and returns its height.
func (c *Chain) Next(at time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	height := int64(len(c.blocks) + 1)
	vals, next := set(c.keys), set(c.next)
	lastID := types.BlockID{}
	if height > 1 {
		lastID = c.blocks[height-2].Commit.BlockID
	}
	h := &types.Header{
		Version: cmtversion.Consensus{Block: version.BlockProtocol},
		ChainID: c.ID, Height: height, Time: at.UTC().Round(0), LastBlockID: lastID,
		LastCommitHash: hash32("commit"), DataHash: hash32("data"),
		ValidatorsHash: vals.Hash(), NextValidatorsHash: next.Hash(), ConsensusHash: hash32("consensus"),
		AppHash: c.appHash, LastResultsHash: hash32("results"), EvidenceHash: hash32("evidence"),
		ProposerAddress: vals.Validators[0].Address,
	}
	c.blocks = append(c.blocks, &types.LightBlock{SignedHeader: Sign(h, c.keys), ValidatorSet: vals})
	c.keys = c.next
	c.apply(height, at)
	return height
}

// Sign makes the commit of a header.
func Sign(h *types.Header, keys []ed25519.PrivKey) *types.SignedHeader {
	vals := set(keys)
	id := types.BlockID{Hash: h.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: hash32("parts")}}
	commit := &types.Commit{Height: h.Height, BlockID: id}
	for _, v := range vals.Validators {
		key := keys[slices.IndexFunc(keys, func(k ed25519.PrivKey) bool {
			return bytes.Equal(k.PubKey().Address(), v.Address)
		})]
		vote := &cmtproto.Vote{
			Type: cmtproto.PrecommitType, Height: h.Height, BlockID: id.ToProto(), Timestamp: h.Time,
		}
		commit.Signatures = append(commit.Signatures, types.CommitSig{
			BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.Address, Timestamp: h.Time,
			Signature: must(key.Sign(types.VoteSignBytes(h.ChainID, vote))),
		})
	}
	return &types.SignedHeader{Header: h, Commit: commit}
}

func hash32(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// apply ends a block: feeds in sorted order, keys in sorted order.
func (c *Chain) apply(height int64, at time.Time) {
	names := make([]string, 0, len(c.feeds))
	for name := range c.feeds {
		names = append(names, name)
	}
	slices.Sort(names)
	must(c.tree.Set([]byte("height"), binary.BigEndian.AppendUint64(nil, uint64(height))))
	for _, name := range names {
		l := c.feeds[name]
		if len(l.buffer) == 0 {
			continue
		}
		var head feed.Head
		if n := len(l.heads); n > 0 {
			head = l.heads[n-1]
		}
		keys := make([]string, 0, len(l.buffer))
		for k := range l.buffer {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			head.Sequence++
			change := feed.Change{Sequence: head.Sequence, Key: []byte(k)}
			if v := l.buffer[k]; v != nil {
				change.Value = *v
			} else {
				change.Removed = true
			}
			l.changes = append(l.changes, entry{change, height})
		}
		s := l.at(name, height)
		digest := s.Digest()
		head.Name, head.Records, head.Bytes, head.Digest = name, s.Len(), s.Bytes(), digest[:]
		head.Height, head.Time = height, at.UTC().Round(0)
		l.heads, l.buffer = append(l.heads, head), nil
		must(c.tree.Set(feed.HeadKey(name), must(head.Marshal())))
	}
	root, _, err := c.tree.SaveVersion()
	if err != nil {
		panic(err)
	}
	c.appHash, _ = c.stores(root)
}

// at is the set of a feed at a height.
func (l *ledger) at(name string, height int64) *feed.Set {
	latest := map[string]feed.Change{}
	for _, e := range l.changes {
		if e.height <= height {
			latest[string(e.Key)] = e.Change
		}
	}
	keys := make([]string, 0, len(latest))
	for k, change := range latest {
		if !change.Removed {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	b := feed.NewBuilder(name)
	for _, k := range keys {
		if err := b.Add([]byte(k), latest[k].Value); err != nil {
			panic(err)
		}
	}
	return b.Set()
}

func (l *ledger) head(height int64) (head feed.Head, ok bool) {
	for _, h := range l.heads {
		if h.Height <= height {
			head, ok = h, true
		}
	}
	return head, ok
}

// since is the latest change of each key in (since, height], in order.
func (l *ledger) since(since uint64, height int64) []feed.Change {
	latest := map[string]uint64{}
	for _, e := range l.changes {
		if e.height <= height {
			latest[string(e.Key)] = e.Sequence
		}
	}
	var out []feed.Change
	for _, e := range l.changes {
		if e.height <= height && e.Sequence > since && latest[string(e.Key)] == e.Sequence {
			out = append(out, e.Change)
		}
	}
	return out
}

// Height of the last block.
func (c *Chain) Height() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.blocks))
}

// Block is the light block of a height; nil when there is none.
func (c *Chain) Block(height int64) *types.LightBlock {
	c.mu.Lock()
	defer c.mu.Unlock()
	if height < 1 || height > int64(len(c.blocks)) {
		return nil
	}
	return c.blocks[height-1]
}

// Head of a feed at a height.
func (c *Chain) Head(name string, height int64) (feed.Head, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.feeds[name]; l != nil {
		return l.head(height)
	}
	return feed.Head{}, false
}

// Prove returns the value of a key in store "feed" at a height, with proof; no
// value when it is absent.
func (c *Chain) Prove(key []byte, height int64) (value []byte, ops []proof.Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tree, err := c.tree.GetImmutable(height)
	if err != nil {
		return nil, nil
	}
	if value, err = tree.Get(key); err != nil || value == nil {
		return nil, nil
	}
	_, simple := c.stores(tree.Hash())
	return value, []proof.Op{
		{Type: "ics23:iavl", Key: key, Data: must(must(tree.GetMembershipProof(key)).Marshal())},
		{Type: "ics23:simple", Key: []byte(feed.HeadStore), Data: must(simple.Marshal())},
	}
}

// stores is the tree of the stores: "auth", "feed" and "feeddata", as RFC 6962
// has it: ((auth feed) feeddata). It returns the root and the proof of "feed".
func (c *Chain) stores(root []byte) ([]byte, *ics23.CommitmentProof) {
	leaf := func(name string, value []byte) []byte {
		sum := sha256.Sum256(value)
		b := append([]byte{0, byte(len(name))}, name...)
		return hashOf(append(append(b, 32), sum[:]...))
	}
	inner := func(l, r []byte) []byte { return hashOf(append(append([]byte{1}, l...), r...)) }
	auth, data := leaf("auth", c.other), leaf("feeddata", c.other)
	exist := &ics23.ExistenceProof{
		Key: []byte(feed.HeadStore), Value: root, Leaf: ics23.TendermintSpec.LeafSpec,
		Path: []*ics23.InnerOp{
			{Hash: ics23.HashOp_SHA256, Prefix: append([]byte{1}, auth...)},
			{Hash: ics23.HashOp_SHA256, Prefix: []byte{1}, Suffix: data},
		},
	}
	return inner(inner(auth, leaf(feed.HeadStore, root)), data),
		&ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: exist}}
}

func hashOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// Set of a feed at a height.
func (c *Chain) Set(name string, height int64) *feed.Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.feeds[name].at(name, height)
}

// Changes of a feed in (since, the sequence at height].
func (c *Chain) Changes(name string, since uint64, height int64) []feed.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.feeds[name].since(since, height)
}
