// Package ante checks transactions before their messages run: the SDK's checks
// of form and signature, and ours: no fee, and only accounts of active members.
//
// What protects a record is checked in its message's handler, never only here.
package ante

import (
	"context"

	authante "github.com/cosmos/cosmos-sdk/x/auth/ante"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// MaxMessages in one transaction.
const MaxMessages = 16

// Members tells which accounts may transact now.
type Members interface {
	Active(ctx context.Context, address sdk.AccAddress) (types.Account, error)
}

// New chains the checks, the cheap ones first.
func New(accounts authkeeper.AccountKeeper, members Members, modes *txsigning.HandlerMap) sdk.AnteHandler {
	return sdk.ChainAnteDecorators(
		authante.NewSetUpContextDecorator(),
		authante.NewExtensionOptionsDecorator(nil),
		authante.NewValidateBasicDecorator(),
		authante.NewTxTimeoutHeightDecorator(),
		authante.NewValidateMemoDecorator(accounts),
		authante.NewConsumeGasForTxSizeDecorator(accounts),
		membersOnly{members},
		authante.NewSetPubKeyDecorator(accounts),
		authante.NewValidateSigCountDecorator(accounts),
		authante.NewSigGasConsumeDecorator(accounts, authante.DefaultSigVerificationGasConsumer),
		authante.NewSigVerificationDecorator(accounts, modes),
		authante.NewIncrementSequenceDecorator(accounts),
	)
}

// membersOnly refuses fees, too many messages, and signers that are not
// accounts of one active member.
type membersOnly struct{ members Members }

// AnteHandle implements sdk.AnteDecorator.
func (d membersOnly) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if n := len(tx.GetMsgs()); n == 0 || n > MaxMessages {
		return ctx, sdkerrors.ErrInvalidRequest.Wrapf("messages: %d; want 1 to %d", n, MaxMessages)
	}
	if fee, ok := tx.(sdk.FeeTx); ok && !fee.GetFee().IsZero() {
		return ctx, consortium.ErrFee.Wrapf("fee: %s; want none", fee.GetFee())
	}
	signed, ok := tx.(authsigning.SigVerifiableTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrap("transaction is not signed")
	}
	signers, err := signed.GetSigners()
	if err != nil {
		return ctx, err
	}
	member := ""
	for i, signer := range signers {
		account, err := d.members.Active(ctx, signer)
		if err != nil {
			return ctx, err
		}
		if i > 0 && account.Member != member {
			return ctx, consortium.ErrInvalid.Wrapf("signers: of %q and %q; want one member", member, account.Member)
		}
		member = account.Member
	}
	return next(ctx, tx, simulate)
}
