package proposal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	protov2 "google.golang.org/protobuf/proto"

	"cosmossdk.io/log/v2"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// fakeTx is "signer kind gas padding": kind is n (narrows) or f, upper case
// when it is ordered.
type fakeTx struct {
	signer, kind string
	gas          uint64
}

func (f fakeTx) GetMsgs() []sdk.Msg                              { return []sdk.Msg{&types.QueryAccountRequest{Address: f.kind}} }
func (f fakeTx) GetMsgsV2() ([]protov2.Message, error)           { return nil, nil }
func (f fakeTx) GetSigners() ([][]byte, error)                   { return [][]byte{[]byte(f.signer)}, nil }
func (f fakeTx) GetPubKeys() ([]cryptotypes.PubKey, error)       { return nil, nil }
func (f fakeTx) GetSignaturesV2() ([]signing.SignatureV2, error) { return nil, nil }
func (f fakeTx) GetGas() uint64                                  { return f.gas }
func (f fakeTx) GetUnordered() bool                              { return strings.ToLower(f.kind) == f.kind }
func (f fakeTx) GetTimeoutTimeStamp() time.Time                  { return time.Time{} }

func decode(bz []byte) (sdk.Tx, error) {
	var f fakeTx
	if _, err := fmt.Sscanf(string(bz), "%s %s %d", &f.signer, &f.kind, &f.gas); err != nil {
		return nil, err
	}
	return f, nil
}

type members struct{ free, narrowing consortium.Share }

func (m members) Active(_ context.Context, a sdk.AccAddress) (types.Account, error) {
	if !strings.HasPrefix(string(a), "acme") && !strings.HasPrefix(string(a), "plant") {
		return types.Account{}, errors.New("belongs to no member")
	}
	return types.Account{Member: strings.SplitN(string(a), "-", 2)[0]}, nil
}

func (m members) Shares(context.Context) (free, narrowing consortium.Share, err error) {
	return m.free, m.narrowing, nil
}

func handler() Handler {
	return Handler{
		Members: members{
			free:      consortium.Share{Transactions: 3, Bytes: 1000, Gas: 1000, Changes: 100},
			narrowing: consortium.Share{Transactions: 1, Bytes: 1000, Gas: 1000, Changes: 100},
		},
		Decode: decode,
		Weigh: func(m sdk.Msg) Message {
			return Message{Changes: 1, Narrows: strings.EqualFold(m.(*types.QueryAccountRequest).Address, "n")}
		},
	}
}

func prepare(t *testing.T, txs ...string) []string {
	t.Helper()
	ctx := sdk.Context{}.WithLogger(log.NewNopLogger())
	req := &abci.RequestPrepareProposal{MaxTxBytes: 1 << 20}
	for _, tx := range txs {
		req.Txs = append(req.Txs, []byte(tx))
	}
	resp, err := handler().Prepare(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	// What one node prepares, another accepts.
	if got := process(t, resp.Txs); got != abci.ResponseProcessProposal_ACCEPT {
		t.Fatalf("prepared proposal was not accepted: %v", got)
	}
	var out []string
	for _, tx := range resp.Txs {
		out = append(out, string(tx))
	}
	return out
}

func process(t *testing.T, txs [][]byte) abci.ResponseProcessProposal_ProposalStatus {
	t.Helper()
	ctx := sdk.Context{}.WithLogger(log.NewNopLogger())
	resp, err := handler().Process(ctx, &abci.RequestProcessProposal{Txs: txs})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestARevocationPassesAFloodOfItsOwnMember(t *testing.T) {
	var flood []string
	for i := range 50 {
		flood = append(flood, fmt.Sprintf("acme-1 f %d", i))
	}
	got := prepare(t, append(flood, "acme-1 n 99")...)
	equal(t, got, "acme-1 n 99", "acme-1 f 0", "acme-1 f 1", "acme-1 f 2")
}

func TestAFloodOfOneMemberLeavesTheOthersTheirShare(t *testing.T) {
	got := prepare(t, "acme-1 f 0", "acme-1 f 1", "acme-1 f 2", "acme-2 f 3", "plant-1 f 4")
	equal(t, got, "acme-1 f 0", "acme-1 f 1", "acme-1 f 2", "plant-1 f 4")
}

func TestWhatNarrowsUsesTheOtherLaneWhenItsOwnIsFull(t *testing.T) {
	got := prepare(t, "acme-1 n 0", "acme-1 n 1", "acme-1 f 2", "acme-1 f 3", "acme-1 f 4")
	equal(t, got, "acme-1 n 0", "acme-1 n 1", "acme-1 f 2", "acme-1 f 3")
}

func TestAnOrderedRevocationStaysBehindItsSignersOthers(t *testing.T) {
	got := prepare(t, "acme-1 F 0", "acme-1 N 1", "acme-2 N 2")
	equal(t, got, "acme-2 N 2", "acme-1 F 0", "acme-1 N 1")
}

func TestGasAndGarbageWaitOutside(t *testing.T) {
	got := prepare(t, "acme-1 F 2000", "acme-1 F 1", "stranger f 1", "garbage", "plant-1 f 1")
	equal(t, got, "plant-1 f 1")
}

func TestAProposalOverAShareIsRefused(t *testing.T) {
	for name, txs := range map[string][]string{
		"four of one member":    {"acme-1 f 0", "acme-1 f 1", "acme-2 f 2", "acme-2 f 3"},
		"too much gas":          {"acme-1 f 2000"},
		"too many bytes":        {"acme-1 f 1 " + strings.Repeat("x", 2000)},
		"a stranger's":          {"stranger f 1"},
		"not a transaction":     {"garbage"},
		"narrowing without end": {"acme-1 n 0", "acme-1 n 1", "acme-1 n 2", "acme-1 n 3", "acme-1 n 4"},
	} {
		var bz [][]byte
		for _, tx := range txs {
			bz = append(bz, []byte(tx))
		}
		if got := process(t, bz); got != abci.ResponseProcessProposal_REJECT {
			t.Errorf("%s: %v", name, got)
		}
	}
}
