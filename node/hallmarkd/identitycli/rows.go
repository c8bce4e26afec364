package identitycli

import (
	"fmt"
	"strconv"
	"strings"

	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// parseRange reads "30-40" or "30".
func parseRange(text string) (types.Range, error) {
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		last = first
	}
	var r types.Range
	var err error
	if r.First, err = strconv.ParseUint(first, 10, 64); err == nil {
		r.Last, err = strconv.ParseUint(last, 10, 64)
	}
	if err != nil {
		return r, fmt.Errorf("rows: %q; want one row or a range, 1-20 for instance", text)
	}
	if err := r.Validate(identity.MaxRows); err != nil {
		return r, errors.Wrapf(err, "rows: %q", text)
	}
	return r, nil
}

// parseRows reads ranges joined by commas, ascending, of at most as many rows as
// one message activates.
func parseRows(text string) ([]types.Range, error) {
	var ranges []types.Range
	total := uint64(0)
	for _, part := range strings.Split(text, ",") {
		r, err := parseRange(part)
		if err != nil {
			return nil, err
		}
		if n := len(ranges); n > 0 && r.First <= ranges[n-1].Last {
			return nil, fmt.Errorf("rows: %q is not ascending", text)
		}
		total += r.Last - r.First + 1
		if total > identity.MaxActivations {
			return nil, fmt.Errorf("rows: %q has more than %d rows; activate them in several transactions", text, identity.MaxActivations)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// among reports whether a row is in one of the ranges.
func among(ranges []types.Range, row uint64) bool {
	for _, r := range ranges {
		if r.First <= row && row <= r.Last {
			return true
		}
	}
	return false
}
