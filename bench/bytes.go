package main

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// neighbours are other feeds on the chain, whose heads share the store.
const neighbours = 64

// measureBytes counts what it takes to prove a segment's set complete and
// current, beside one proof for each grant, which does not even prove that none
// was left out. The header and its commit, which both need, are not counted.
func measureBytes(o options, r *report) error {
	const group = "bytes of proof"
	var sizes []float64
	for _, grants := range []int{o.proven / 10, o.proven, o.proven * 10} {
		o.tell("bytes: a segment of %s grants", thousands(int64(grants)))
		w := newWorkload(grants, o.seed)
		l, err := newLedger()
		if err != nil {
			return err
		}
		set, err := l.publish(w)
		if err != nil {
			return err
		}
		value, size, err := l.prove(feed.HeadStore, feed.HeadKey(set.Name()))
		if err != nil {
			return err
		}
		// What was proven must be the head of this very set.
		var head feed.Head
		if err := head.Unmarshal(value); err != nil {
			return err
		}
		if err := set.Check(&head); err != nil {
			return err
		}
		sizes = append(sizes, float64(len(value)+size))
		if grants != o.proven {
			continue
		}
		o.tell("bytes: %s proofs, one for each grant", thousands(int64(grants)))
		each := 0
		for i := range w.grants {
			key, _ := w.record(i)
			value, size, err := l.prove(grantStore, key)
			if err != nil {
				return err
			}
			// The records themselves travel either way.
			each += size - len(key) - len(value)
		}
		r.add(row{Group: group, Measure: thousands(int64(grants)) + " grants: head and its proof", Ours: thousands(int64(sizes[len(sizes)-1])) + " B",
			Peer: thousands(int64(each)) + " B", PeerIs: "a proof for each grant", Value: float64(each) / sizes[len(sizes)-1], Unit: "x fewer",
			Note: fmt.Sprintf("ours: the head's value (%d B) and both operations of its proof, among %d other feeds; the peer: both operations of each proof less the key and value in it, %d B a grant; every proof verified",
				len(value), neighbours, each/grants)}.atLeast(1000))
	}
	r.add(row{Group: group, Measure: "growth", Ours: fmt.Sprintf("%s B with %s", thousands(int64(sizes[2])), thousands(int64(o.proven*10))),
		Peer: fmt.Sprintf("%s B with %s", thousands(int64(sizes[0])), thousands(int64(o.proven/10))), PeerIs: "ours,", Value: sizes[2] / sizes[0], Unit: "x",
		Note: fmt.Sprintf("%s, %s and %s B with %s, %s and %s grants: the numbers in the head are varints", thousands(int64(sizes[0])), thousands(int64(sizes[1])), thousands(int64(sizes[2])),
			thousands(int64(o.proven/10)), thousands(int64(o.proven)), thousands(int64(o.proven*10)))}.atMost(1.01))
	return nil
}

// publish writes a workload's segment and its neighbours as the chain does, the
// grants also one by one into a store of their own, and returns the set.
func (l *ledger) publish(w *workload) (*feed.Set, error) {
	view, err := w.view()
	if err != nil {
		return nil, err
	}
	set := view.Segments[0].Set
	err = l.block(func(ctx sdk.Context) error {
		names := []string{feed.Members, set.Name()}
		for n := range neighbours - 1 {
			names = append(names, feed.Segment(fmt.Sprintf("member%02d/segment%02d", n%16, n/16)))
		}
		for _, name := range names {
			if err := l.Create(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = l.block(func(ctx sdk.Context) error {
		walk := set.Range(nil)
		for {
			key, value, ok := walk.Next()
			if !ok {
				break
			}
			if err := l.Set(ctx, feed.System, set.Name(), key, value); err != nil {
				return err
			}
		}
		store := ctx.KVStore(l.grants)
		for i := range w.grants {
			key, grant := w.record(i)
			value, err := grant.Marshal()
			if err != nil {
				return err
			}
			store.Set(key, value)
		}
		return nil
	})
	return set, err
}
