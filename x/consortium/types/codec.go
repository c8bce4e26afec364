// Package types is the wire of the consortium: its genesis and its queries.
package types

import (
	"github.com/hallmark-ledger/hallmark/x/consortium"
)

// Block returns the limits of a block as a share.
func (p Params) Block() consortium.Share {
	return consortium.Share{
		Transactions: p.BlockTransactions,
		Bytes:        p.BlockBytes,
		Gas:          p.BlockGas,
		Changes:      p.BlockChanges,
	}
}

// ParamsOf writes a share as parameters.
func ParamsOf(s consortium.Share) Params {
	return Params{
		BlockTransactions: s.Transactions,
		BlockBytes:        s.Bytes,
		BlockGas:          s.Gas,
		BlockChanges:      s.Changes,
	}
}
