package header

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/source"
)

// ErrTooFew means that too few witnesses had the header: nobody is to blame.
var ErrTooFew = errors.New("too few witnesses agree")

// Node is what this room asks: a node, or a test's double.
type Node interface {
	URL() string
	Header(ctx context.Context, height int64) (*types.Header, error)
	LightBlock(ctx context.Context, height int64, known *types.ValidatorSet) (*types.LightBlock, error)
}

// patience with a witness: one that drips must not hold up the others.
const patience = 3 * time.Second

// Believed is a header that was verified and cross-checked. Only this package
// makes one that holds a block.
type Believed struct{ block *types.LightBlock }

// Block is the light block; nil in the zero value. It must not be changed.
func (b Believed) Block() *types.LightBlock { return b.block }

// Finding is what was found of one node while asking.
type Finding struct {
	Node string
	Err  error
}

// Question is what is asked about one height.
type Question struct {
	Height    int64
	Trail     []*types.LightBlock // believed before, ascending; the last is what is verified from
	Primary   Node
	Witnesses []Node
	// Now returns the time of the verification. agreed is the time of a header
	// that enough witnesses have, or zero. False means that the time is unknown.
	Now func(agreed time.Time) (time.Time, bool)
}

// Believe fetches the header of a height from the primary and every witness
// and returns it if it verifies and enough witnesses agree. The findings name
// witnesses that failed or were wrong; the error is of the primary, an
// [*Attack], [ErrTooFew], [ErrExpired] or [ErrFuture].
func (r Rules) Believe(ctx context.Context, q Question) (Believed, []Finding, error) {
	if len(q.Trail) == 0 {
		return Believed{}, nil, errors.New("no trusted header")
	}
	trusted := q.Trail[len(q.Trail)-1]
	if q.Height <= trusted.Height {
		return Believed{}, nil, fmt.Errorf("height %d is not above the trusted %d: heights never go back", q.Height, trusted.Height)
	}
	block, headers, findings, err := ask(ctx, q, trusted.ValidatorSet)
	if err != nil {
		return Believed{}, findings, err
	}
	agreed, differing := compare(block, q.Witnesses, headers)

	var agreedTime time.Time
	if agreed >= r.Agree {
		agreedTime = block.Time
	}
	now, known := q.Now(agreedTime)
	if !known {
		return Believed{}, findings, fmt.Errorf("%w: %d of %d at height %d, and the time is unknown", ErrTooFew, agreed, r.Agree, q.Height)
	}
	if agreed >= r.Agree && !block.Time.Before(now.Add(MaxDrift)) {
		return Believed{}, findings, fmt.Errorf("%w: header %d of %s; it is %s", ErrFuture, q.Height,
			block.Time.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	if err := r.Verify(ctx, trusted, block, now, q.Primary.LightBlock); err != nil {
		return Believed{}, findings, blame(q.Primary, err)
	}
	for _, i := range differing {
		attack, err := r.examine(ctx, q, block, q.Witnesses[i], headers[i], now)
		if attack != nil {
			return Believed{}, findings, attack
		}
		findings = append(findings, Finding{q.Witnesses[i].URL(), err})
	}
	if agreed < r.Agree {
		return Believed{}, findings, fmt.Errorf("%w: %d of %d at height %d", ErrTooFew, agreed, r.Agree, q.Height)
	}
	return Believed{block}, findings, nil
}

// ask gets the header from everyone at once.
func ask(ctx context.Context, q Question, known *types.ValidatorSet) (*types.LightBlock, []*types.Header, []Finding, error) {
	var wg sync.WaitGroup
	headers, errs := make([]*types.Header, len(q.Witnesses)), make([]error, len(q.Witnesses))
	for i, w := range q.Witnesses {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			headers[i], errs[i] = w.Header(ctx, q.Height)
		})
	}
	block, err := q.Primary.LightBlock(ctx, q.Height, known)
	wg.Wait()
	var findings []Finding
	for i, w := range q.Witnesses {
		if errs[i] != nil {
			findings = append(findings, Finding{w.URL(), errs[i]})
		}
	}
	return block, headers, findings, err
}

// compare counts the witnesses that have the block and lists those that have
// another.
func compare(block *types.LightBlock, witnesses []Node, headers []*types.Header) (agreed int, differing []int) {
	hash := block.Header.Hash()
	for i := range witnesses {
		switch {
		case headers[i] == nil:
		case bytes.Equal(headers[i].Hash(), hash):
			agreed++
		default:
			differing = append(differing, i)
		}
	}
	return agreed, differing
}

// blame makes an error of verification one of the source, unless it is ours or
// is one already.
func blame(n Node, err error) error {
	var known *source.Error
	if errors.Is(err, ErrExpired) || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return source.Wrong(n.URL(), source.Header, "%w", err)
}
