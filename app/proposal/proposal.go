// Package proposal holds each member to its share of a block, when a block is
// prepared and when another's proposal is judged, so that no flood delays a
// revocation.
//
// A transaction whose messages all narrow (revoke, suspend, retire) has a lane
// of its own: it is taken before the others, out of a share that nothing else
// can use up.
package proposal

import (
	"context"

	abci "github.com/cometbft/cometbft/abci/types"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// Members tells whose account it is and what a member's shares are.
type Members interface {
	Active(ctx context.Context, address sdk.AccAddress) (types.Account, error)
	Shares(ctx context.Context) (free, narrowing consortium.Share, err error)
}

// Message is what the package must know of one message.
type Message struct {
	// Changes of feeds that it may make, without fan-out.
	Changes uint64
	// Narrows marks a message that can only take rights away.
	Narrows bool
}

// Handler prepares and judges proposals.
type Handler struct {
	Members Members
	Decode  sdk.TxDecoder
	// Weigh says what a message weighs.
	Weigh func(sdk.Msg) Message
}

// entry is a transaction that may stand in a proposal.
type entry struct {
	bytes   []byte
	member  string
	signer  string
	cost    consortium.Share
	narrows bool
	ordered bool
}

// ledger is what is left of each member's shares in one block.
type ledger struct {
	free, narrowing consortium.Share
	left            map[string]*[2]consortium.Share
}

func newLedger(ctx context.Context, m Members) (*ledger, error) {
	free, narrowing, err := m.Shares(ctx)
	if err != nil {
		return nil, err
	}
	return &ledger{free, narrowing, map[string]*[2]consortium.Share{}}, nil
}

// admit takes an entry out of its member's share: what narrows out of its own
// lane while that lasts.
func (l *ledger) admit(e entry) bool {
	left := l.left[e.member]
	if left == nil {
		left = &[2]consortium.Share{l.free, l.narrowing}
		l.left[e.member] = left
	}
	if e.narrows {
		if rest, err := left[1].Take(e.cost); err == nil {
			left[1] = rest
			return true
		}
	}
	rest, err := left[0].Take(e.cost)
	if err != nil {
		return false
	}
	left[0] = rest
	return true
}

// Prepare puts what narrows first, then the rest in the order of arrival, each
// within its member's share. What does not fit waits in the mempool.
func (h Handler) Prepare(ctx sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	left, err := newLedger(ctx, h.Members)
	if err != nil {
		return nil, err
	}
	var narrowing, others []entry
	waits := map[string]bool{} // signers with an earlier ordered transaction
	for _, bz := range req.Txs {
		e, err := h.read(ctx, bz)
		if err != nil {
			continue // CheckTx will say why when it is checked again
		}
		// An ordered transaction keeps its place behind its signer's others.
		if e.narrows && !(e.ordered && waits[e.signer]) {
			narrowing = append(narrowing, e)
			continue
		}
		others = append(others, e)
		if e.ordered {
			waits[e.signer] = true
		}
	}
	resp := &abci.ResponsePrepareProposal{}
	room := req.MaxTxBytes
	skipped := map[string]bool{}
	for _, e := range append(narrowing, others...) {
		// Once one of a signer's ordered transactions is left out, those after
		// it could only fail.
		if e.ordered && skipped[e.signer] {
			continue
		}
		if int64(len(e.bytes)) > room || !left.admit(e) {
			skipped[e.signer] = skipped[e.signer] || e.ordered
			continue
		}
		room -= int64(len(e.bytes))
		resp.Txs = append(resp.Txs, e.bytes)
	}
	return resp, nil
}

// Process accepts a proposal in which every transaction is of an active member
// and every member is within its share.
func (h Handler) Process(ctx sdk.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	reject := &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}
	left, err := newLedger(ctx, h.Members)
	if err != nil {
		return nil, err
	}
	for i, bz := range req.Txs {
		e, err := h.read(ctx, bz)
		if err != nil {
			ctx.Logger().Error("proposal refused", "height", req.Height, "transaction", i, "err", err)
			return reject, nil
		}
		if !left.admit(e) {
			ctx.Logger().Error("proposal refused", "height", req.Height, "transaction", i, "member", e.member, "err", consortium.ErrShare)
			return reject, nil
		}
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// read decodes a transaction and weighs it.
func (h Handler) read(ctx context.Context, bz []byte) (entry, error) {
	tx, err := h.Decode(bz)
	if err != nil {
		return entry{}, err
	}
	signed, ok := tx.(authsigning.SigVerifiableTx)
	if !ok {
		return entry{}, consortium.ErrInvalid.Wrap("not signed")
	}
	signers, err := signed.GetSigners()
	if err != nil {
		return entry{}, err
	}
	if len(signers) == 0 {
		return entry{}, consortium.ErrInvalid.Wrap("no signer")
	}
	account, err := h.Members.Active(ctx, signers[0])
	if err != nil {
		return entry{}, err
	}
	e := entry{bytes: bz, member: account.Member, signer: string(signers[0]), narrows: true, ordered: true}
	e.cost = consortium.Share{Transactions: 1, Bytes: uint64(len(bz))}
	if unordered, ok := tx.(sdk.TxWithUnordered); ok {
		e.ordered = !unordered.GetUnordered()
	}
	if gas, ok := tx.(sdk.GasTx); ok {
		e.cost.Gas = gas.GetGas()
	}
	for _, msg := range tx.GetMsgs() {
		m := h.Weigh(msg)
		e.cost.Changes += m.Changes
		e.narrows = e.narrows && m.Narrows
	}
	return e, nil
}
