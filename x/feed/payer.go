package feed

// Payer is the member whose quota of changes for the block an operation costs.
// Only the consortium makes one, from the signer of a message; the zero value
// may change nothing.
type Payer struct {
	// Member that pays.
	Member string
	// Limit is its quota of changes in this block, for this lane.
	Limit uint64
	// Narrows marks the lane reserved for what narrows: revoke, suspend, retire.
	// The two lanes are counted apart.
	Narrows bool
}

// System pays for what no member asked for: genesis and pruning. It has its own
// bound where it is used.
var System = Payer{Member: "", Limit: ^uint64(0)}
