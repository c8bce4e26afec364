package consortium

import "fmt"

// Share is what one member may put into a block, in one lane.
type Share struct {
	// Transactions, Bytes of transactions, Gas wanted, Changes of feeds.
	Transactions, Bytes, Gas, Changes uint64
}

// Shares divides a block's limits among active members: three quarters for what
// they like, a quarter reserved for what narrows (revoke, suspend, retire). The
// shares of all members never add up to more than the block.
func (s Share) Shares(active uint64) (free, narrowing Share) {
	active = max(active, 1)
	narrowing = s.each(func(x uint64) uint64 { return x / 4 / active })
	free = s.each(func(x uint64) uint64 { return (x - x/4) / active })
	return free, narrowing
}

func (s Share) each(f func(uint64) uint64) Share {
	return Share{f(s.Transactions), f(s.Bytes), f(s.Gas), f(s.Changes)}
}

// Take takes a cost out of the share and returns what is left. It fails, naming
// what there is too little of, and the share is as it was.
func (s Share) Take(cost Share) (Share, error) {
	switch {
	case cost.Transactions > s.Transactions:
		return s, fmt.Errorf("transactions: %d left", s.Transactions)
	case cost.Bytes > s.Bytes:
		return s, fmt.Errorf("bytes: %d, %d left", cost.Bytes, s.Bytes)
	case cost.Gas > s.Gas:
		return s, fmt.Errorf("gas: %d, %d left", cost.Gas, s.Gas)
	case cost.Changes > s.Changes:
		return s, fmt.Errorf("changes: %d, %d left", cost.Changes, s.Changes)
	}
	return Share{
		s.Transactions - cost.Transactions,
		s.Bytes - cost.Bytes,
		s.Gas - cost.Gas,
		s.Changes - cost.Changes,
	}, nil
}

// DefaultBlock is the limits of a block unless genesis says otherwise: what the
// end of a block and its verification bear on two cores in a second.
var DefaultBlock = Share{
	Transactions: 2_000,
	Bytes:        8 << 20,
	Gas:          2_000_000_000,
	Changes:      8_192,
}

// Validate checks the limits of a block.
func (s Share) Validate() error {
	switch {
	case s.Transactions < 4 || s.Transactions > 100_000:
		return fmt.Errorf("block_transactions: %d; want 4 to 100,000", s.Transactions)
	case s.Bytes < 1<<16 || s.Bytes > 64<<20:
		return fmt.Errorf("block_bytes: %d; want 64 KiB to 64 MiB", s.Bytes)
	case s.Gas < 1_000_000 || s.Gas > 1<<50:
		return fmt.Errorf("block_gas: %d; want 1,000,000 to 2^50", s.Gas)
	case s.Changes < 64 || s.Changes > 1_000_000:
		return fmt.Errorf("block_changes: %d; want 64 to 1,000,000", s.Changes)
	}
	return nil
}
