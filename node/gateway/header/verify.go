package header

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/source"
)

// MaxDrift is how far a header may lie ahead of now. BFT time lags the clocks
// of the validators, so an honest header lies behind.
const MaxDrift = 10 * time.Second

// maxPivots bounds a bisection: 2^48 heights.
const maxPivots = 48

var (
	// ErrExpired means that the trusted header is older than the trusting
	// period: nothing can be believed from it, and the gateway has to be
	// initialised again with a header trusted for another reason.
	ErrExpired = errors.New("trust has expired: initialise the gateway again with a header of today")
	// ErrFuture means that nodes agree on a header that lies ahead of our clock.
	ErrFuture = errors.New("agreed header lies in the future of this clock")
)

// Rules under which a header is believed.
type Rules struct {
	ChainID string
	// TrustingPeriod is how long a believed header vouches for later ones: at
	// most two thirds of the time that an ex-validator stays accountable.
	TrustingPeriod time.Duration
	// Agree is the number of witnesses that must have the same header.
	Agree int
}

// Fetch gets the light block of a height. known is a validator set that need
// not be fetched again.
type Fetch func(ctx context.Context, height int64, known *types.ValidatorSet) (*types.LightBlock, error)

// Verify verifies target from trusted, at the time now. Trust skips when at
// least a third of the power that trusted names has signed target (trust level
// 1/3: at least one correct validator), and over two thirds of target's own
// power; else it fetches a header between.
func (r Rules) Verify(ctx context.Context, trusted, target *types.LightBlock, now time.Time, fetch Fetch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be verified: %v", p)
		}
	}()
	if trusted.ChainID != r.ChainID {
		return fmt.Errorf("trusted header is of chain %q; want %q", trusted.ChainID, r.ChainID)
	}
	pivots := []*types.LightBlock{target}
	for len(pivots) > 0 {
		next := pivots[len(pivots)-1]
		err := light.Verify(trusted.SignedHeader, trusted.ValidatorSet, next.SignedHeader, next.ValidatorSet,
			r.TrustingPeriod, now, MaxDrift, light.DefaultTrustLevel)
		var skip light.ErrNewValSetCantBeTrusted
		var old light.ErrOldHeaderExpired
		switch {
		case err == nil:
			trusted, pivots = next, pivots[:len(pivots)-1]
		case errors.As(err, &old):
			return fmt.Errorf("%w: header %d of %s was trusted until %s; it is %s", ErrExpired, trusted.Height,
				trusted.Time.UTC().Format(time.RFC3339), old.At.UTC().Format(time.RFC3339), old.Now.UTC().Format(time.RFC3339))
		case errors.As(err, &skip):
			if len(pivots) == maxPivots {
				return fmt.Errorf("no way from header %d to header %d in %d steps", trusted.Height, target.Height, maxPivots)
			}
			middle := trusted.Height + (next.Height-trusted.Height)/2
			pivot, err := fetch(ctx, middle, trusted.ValidatorSet)
			if err != nil {
				return fmt.Errorf("header %d, on the way to %d: %w", middle, target.Height, err)
			}
			pivots = append(pivots, pivot)
		default:
			return fmt.Errorf("header %d does not follow from header %d: %w", next.Height, trusted.Height, err)
		}
	}
	return nil
}

// Root begins trust: block is the one whose height and hash were trusted by
// hand. Another hash is [source.ErrWrong], named by url.
func (r Rules) Root(url string, block *types.LightBlock, hash []byte) (Believed, error) {
	if block.ChainID != r.ChainID {
		return Believed{}, source.Wrong(url, source.ChainID, "%q; want %q", block.ChainID, r.ChainID)
	}
	if string(block.Header.Hash()) != string(hash) {
		return Believed{}, source.Wrong(url, source.Header, "header %d has hash %X; trusted is %X", block.Height, block.Header.Hash(), hash)
	}
	if err := selfSigned(r.ChainID, block); err != nil {
		return Believed{}, source.Wrong(url, source.Header, "%w", err)
	}
	return Believed{block}, nil
}

// selfSigned checks that over two thirds of the block's own validators signed it.
func selfSigned(chainID string, block *types.LightBlock) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be verified: %v", p)
		}
	}()
	if err := block.ValidateBasic(chainID); err != nil {
		return err
	}
	return block.ValidatorSet.VerifyCommitLight(chainID, block.Commit.BlockID, block.Height, block.Commit)
}
