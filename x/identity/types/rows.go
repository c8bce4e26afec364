package types

import (
	"slices"
	"sort"

	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Validate checks a range of the rows of a list of count rows.
func (r Range) Validate(count uint64) error {
	switch {
	case r.First == 0:
		return errors.Wrap(identity.ErrInvalid, "first: 0; rows begin at 1")
	case r.Last < r.First:
		return errors.Wrapf(identity.ErrInvalid, "last: %d is before first, %d", r.Last, r.First)
	case r.Last > count:
		return errors.Wrapf(identity.ErrInvalid, "last: %d; the list has %d rows", r.Last, count)
	}
	return nil
}

// RowRevoked reports whether the row can no longer be activated.
func (b Batch) RowRevoked(row uint64) bool {
	i := sort.Search(len(b.Revoked), func(i int) bool { return b.Revoked[i].Last >= row })
	return i < len(b.Revoked) && b.Revoked[i].First <= row
}

// RevokeRows adds a range, which must be valid, to the revoked ones and joins
// those that touch. It never fails for a range that shortens the list of
// ranges or lies within it.
func (b *Batch) RevokeRows(rows Range) error {
	// from is the first range that rows touches or precedes, to the first
	// beyond it.
	from := sort.Search(len(b.Revoked), func(i int) bool { return b.Revoked[i].Last >= rows.First-1 })
	to := sort.Search(len(b.Revoked), func(i int) bool { return b.Revoked[i].First > rows.Last+1 })
	if from < to {
		rows.First = min(rows.First, b.Revoked[from].First)
		rows.Last = max(rows.Last, b.Revoked[to-1].Last)
	}
	joined := slices.Replace(slices.Clone(b.Revoked), from, to, rows)
	if len(joined) > identity.MaxRevokedRanges {
		return errors.Wrapf(identity.ErrInvalid, "rows: the batch has %d ranges of revoked rows already; revoke a range that joins some", len(b.Revoked))
	}
	b.Revoked = joined
	return nil
}

// Validate checks a batch as the ledger writes it.
func (b Batch) Validate() error {
	if b.Id == 0 {
		return errors.Wrap(identity.ErrInvalid, "id: 0; batches begin at 1")
	}
	if b.Maker == "" {
		return errors.Wrap(identity.ErrInvalid, "maker: empty")
	}
	if err := ValidateManifest(b.Model, b.Root, b.Count, b.Cid); err != nil {
		return err
	}
	if b.Height < 0 {
		return errors.Wrapf(identity.ErrInvalid, "height: %d", b.Height)
	}
	if b.Activated > b.Count {
		return errors.Wrapf(identity.ErrInvalid, "activated: %d of %d rows", b.Activated, b.Count)
	}
	if len(b.Revoked) > identity.MaxRevokedRanges {
		return errors.Wrapf(identity.ErrInvalid, "revoked: %d ranges; want at most %d", len(b.Revoked), identity.MaxRevokedRanges)
	}
	for i, r := range b.Revoked {
		if err := r.Validate(b.Count); err != nil {
			return errors.Wrapf(err, "revoked[%d]", i)
		}
		if i > 0 && r.First <= b.Revoked[i-1].Last+1 {
			return errors.Wrapf(identity.ErrInvalid, "revoked[%d].first: %d touches the range before", i, r.First)
		}
	}
	return nil
}

// ValidateManifest checks what a maker says of a factory list.
func ValidateManifest(model string, root []byte, count uint64, cid string) error {
	if err := identity.ValidateModel(model); err != nil {
		return err
	}
	if _, err := identity.ParseHash("root", root); err != nil {
		return err
	}
	if count == 0 || count > identity.MaxRows {
		return errors.Wrapf(identity.ErrInvalid, "count: %d; want 1 to %d", count, uint64(identity.MaxRows))
	}
	return identity.ValidateCID(cid)
}
