package keeper

import (
	"context"
	"encoding/binary"

	errorsmod "cosmossdk.io/errors"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Changes lists the latest change of each key after a sequence, in order: what
// turns the set at from into the set at to. A key that came and went in between
// is listed as removed. Removals older than [HistoryKept] are not listed any
// more, and a sequence before one of them is refused with history_pruned.
func (q Queries) Changes(ctx context.Context, req *feed.ChangesRequest) (*feed.ChangesResponse, error) {
	head, err := q.head(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	c := sdk.UnwrapSDKContext(ctx)
	floor, err := q.keeper.floor(c, head.Name)
	if err != nil {
		return nil, wire(err)
	}
	switch {
	case req.Since > head.Sequence:
		return nil, status.Errorf(codes.OutOfRange, "since: %d is above the sequence %d of feed %q", req.Since, head.Sequence, head.Name)
	case req.Since < floor:
		return nil, wire(errorsmod.Wrapf(feed.ErrHistoryPruned,
			"since: %d is below %d, the last removal of feed %q that is not listed any more; list its records instead",
			req.Since, floor, head.Name))
	}

	resp := &feed.ChangesResponse{From: req.Since, To: head.Sequence}
	room := newRoom(req.Limit)
	err = q.keeper.walkChanges(c, head.Name, req.Since, func(change feed.Change) (bool, error) {
		if !room.take(len(change.Key) + len(change.Value)) {
			resp.To = resp.Changes[len(resp.Changes)-1].Sequence
			return false, nil
		}
		resp.Changes = append(resp.Changes, change)
		return true, nil
	})
	if err != nil {
		return nil, wire(err)
	}
	return resp, nil
}

// walkChanges walks the latest change of each key after a sequence, in order,
// until visit returns false or an error.
func (k Keeper) walkChanges(ctx sdk.Context, name string, since uint64, visit func(feed.Change) (bool, error)) error {
	if since == ^uint64(0) {
		return nil
	}
	prefix := indexPrefix(name)
	it := ctx.KVStore(k.data).Iterator(indexKey(name, since+1), after(prefix))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		at, entry := it.Key()[len(prefix):], it.Value()
		if len(at) != 8 || len(entry) < 2 {
			return errorsmod.Wrapf(feed.ErrCorrupt, "index entry %x of %q", at, name)
		}
		change := feed.Change{
			Sequence: binary.BigEndian.Uint64(at),
			Key:      append([]byte(nil), entry[1:]...),
			Removed:  entry[0] == kindRemove,
		}
		if !change.Removed {
			record, err := k.record(ctx, name, change.Key)
			if err != nil {
				return err
			}
			if record.sequence != change.Sequence {
				return errorsmod.Wrapf(feed.ErrCorrupt, "record %x of %q is of sequence %d, its index of %d",
					change.Key, name, record.sequence, change.Sequence)
			}
			change.Value = append([]byte(nil), record.value...)
		}
		if more, err := visit(change); err != nil || !more {
			return err
		}
	}
	return nil
}
