package header

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/source"
)

// Attack is two headers of one height that both verify from what was believed:
// over a third of a validator set signed both. Nothing may be allowed after it.
type Attack struct {
	Height           int64
	Primary, Witness string            // who gave which
	Common           *types.LightBlock // believed before both
	Block            *types.LightBlock // the primary's
	Other            *types.LightBlock // the witness's
}

func (a *Attack) Error() string {
	return fmt.Sprintf("attack: at height %d header %X of %s and header %X of %s both verify",
		a.Height, a.Block.Header.Hash(), a.Primary, a.Other.Header.Hash(), a.Witness)
}

// Evidence is what CometBFT takes: against the one and against the other, for
// the gateway cannot know which is true.
func (a *Attack) Evidence() (all []*types.LightClientAttackEvidence) {
	defer func() { _ = recover() }() // evidence is an extra; the attack stands without it
	for _, pair := range [][2]*types.LightBlock{{a.Block, a.Other}, {a.Other, a.Block}} {
		conflicting, trusted := pair[0], pair[1]
		ev := &types.LightClientAttackEvidence{ConflictingBlock: conflicting}
		base := trusted
		if ev.ConflictingHeaderIsInvalid(trusted.Header) {
			base = a.Common // the validator sets differ: a lunatic attack
		}
		ev.CommonHeight = base.Height
		ev.Timestamp = base.Time
		ev.TotalVotingPower = base.ValidatorSet.TotalVotingPower()
		ev.ByzantineValidators = ev.GetByzantineValidators(a.Common.ValidatorSet, trusted.SignedHeader)
		all = append(all, ev)
	}
	return all
}

// examine finds out what a witness with another header is: an attack if its
// header verifies too, from the newest header that it shares with us; else an
// error that says how the witness is wrong.
func (r Rules) examine(ctx context.Context, q Question, block *types.LightBlock, w Node, other *types.Header, now time.Time) (*Attack, error) {
	differs := func(err error) error {
		return source.Wrong(w.URL(), source.Header, "header %d has hash %X, the primary %s has %X, and it does not verify: %w",
			q.Height, other.Hash(), q.Primary.URL(), block.Header.Hash(), err)
	}
	common, err := shared(ctx, q.Trail, w)
	if err != nil {
		return nil, differs(err)
	}
	conflicting, err := w.LightBlock(ctx, q.Height, common.ValidatorSet)
	if err != nil {
		return nil, differs(err)
	}
	if !bytes.Equal(conflicting.Header.Hash(), other.Hash()) {
		return nil, differs(errors.New("it gave two headers of that height"))
	}
	if err := r.Verify(ctx, common, conflicting, now, w.LightBlock); err != nil {
		return nil, differs(err)
	}
	return &Attack{
		Height: q.Height, Primary: q.Primary.URL(), Witness: w.URL(),
		Common: common, Block: block, Other: conflicting,
	}, nil
}

// shared is the newest believed header that the witness has too. What was
// believed since may be the forged branch.
func shared(ctx context.Context, trail []*types.LightBlock, w Node) (*types.LightBlock, error) {
	for i := len(trail) - 1; i >= 0; i-- {
		h, err := w.Header(ctx, trail[i].Height)
		if errors.Is(err, source.ErrGone) {
			break
		}
		if err != nil {
			return nil, err
		}
		if bytes.Equal(h.Hash(), trail[i].Header.Hash()) {
			return trail[i], nil
		}
	}
	return nil, errors.New("it shares no header with what was believed")
}
