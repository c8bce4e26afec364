package keeper

import (
	"context"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// EndBlock removes grants that ended a day ago, and histories of grants removed
// [HistoryKept] ago: at most [PrunedPerBlock] together. What is left waits for
// the next block; nothing but records of the past does.
func (k Keeper) EndBlock(ctx context.Context) error {
	now := max(0, sdk.UnwrapSDKContext(ctx).BlockTime().Unix())
	r := collections.NewPrefixUntilTripleRange[uint64, string, uint64](uint64(now))
	due := make([]collections.Triple[uint64, string, uint64], 0, PrunedPerBlock)
	if err := k.queue.Walk(ctx, r, func(key collections.Triple[uint64, string, uint64]) (bool, error) {
		due = append(due, key)
		return len(due) == PrunedPerBlock, nil
	}); err != nil {
		return err
	}
	for _, key := range due {
		if err := k.queue.Remove(ctx, key); err != nil {
			return err
		}
		if err := k.prune(ctx, key.K2(), key.K3(), uint64(now)); err != nil {
			return errors.Wrapf(err, "grant %d of %q", key.K3(), key.K2())
		}
	}
	return nil
}

// prune removes a grant that stands, or the history of one that does not.
func (k Keeper) prune(ctx context.Context, segment string, id, now uint64) error {
	key := collections.Join(segment, id)
	stands, err := k.subjects.Has(ctx, key)
	if err != nil {
		return err
	}
	if !stands {
		return k.histories.Remove(ctx, key)
	}
	subject, _, err := k.grant(ctx, segment, id)
	if err != nil {
		return err
	}
	if err := k.feeds.Remove(ctx, feed.System, feed.Segment(segment), access.GrantKey(subject, id)); err != nil {
		return err
	}
	if err := k.subjects.Remove(ctx, key); err != nil {
		return err
	}
	if err := k.given.Remove(ctx, collections.Join3(subject[:], segment, id)); err != nil {
		return err
	}
	at := collections.Join(subject[:], segment)
	count, err := k.count(ctx, at)
	if err != nil {
		return err
	}
	if count > 1 {
		err = k.counts.Set(ctx, at, count-1)
	} else if err = k.counts.Remove(ctx, at); err == nil {
		err = k.vacate(ctx, feed.System, subject, segment)
	}
	if err != nil {
		return err
	}
	if err := k.queue.Set(ctx, collections.Join3(now+uint64(HistoryKept/time.Second), segment, id)); err != nil {
		return err
	}
	return k.record(ctx, segment, id, types.VerbPruned, "", "", "")
}
