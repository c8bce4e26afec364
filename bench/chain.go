package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	rpc "github.com/cometbft/cometbft/rpc/client/http"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// wallet signs for one account, in this process: a command for each revocation
// would cost more than what is measured.
type wallet struct {
	name, address, chainID string
	number                 uint64
	keys                   keyring.Keyring
	last                   time.Time
}

func openWallet(ctx context.Context, d network.Description, account network.Account) (*wallet, error) {
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	keys, err := keyring.New("hallmarkd", keyring.BackendTest, d.Nodes[0].Home, nil, codec.NewProtoCodec(registry))
	if err != nil {
		return nil, err
	}
	w := &wallet{name: account.Name, address: account.Address, chainID: d.ChainID, keys: keys}
	w.number, err = accountNumber(ctx, d.Nodes[0].REST, account.Address)
	return w, err
}

func accountNumber(ctx context.Context, rest, address string) (uint64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, rest+"/cosmos/auth/v1beta1/account_info/"+url.PathEscape(address), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	var reply struct {
		Info struct {
			Number string `json:"account_number"`
		} `json:"info"`
	}
	if err := json.Unmarshal(raw, &reply); err != nil || response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("account %s: HTTP %d: %s", address, response.StatusCode, raw)
	}
	return strconv.ParseUint(reply.Info.Number, 10, 64)
}

// sign makes a transaction of one message that stands in no order with others.
func (w *wallet) sign(gas uint64, message sdk.Msg) (cmttypes.Tx, error) {
	packed, err := codectypes.NewAnyWithValue(message)
	if err != nil {
		return nil, err
	}
	record, err := w.keys.Key(w.name)
	if err != nil {
		return nil, err
	}
	// The expiry is also what tells unordered transactions of an account apart.
	expires := time.Now().Add(5 * time.Minute).UTC()
	if !expires.After(w.last) {
		expires = w.last.Add(time.Microsecond)
	}
	w.last = expires
	body, err := (&txtypes.TxBody{Messages: []*codectypes.Any{packed}, Unordered: true, TimeoutTimestamp: &expires}).Marshal()
	if err != nil {
		return nil, err
	}
	auth, err := (&txtypes.AuthInfo{
		SignerInfos: []*txtypes.SignerInfo{{
			PublicKey: record.PubKey,
			ModeInfo:  &txtypes.ModeInfo{Sum: &txtypes.ModeInfo_Single_{Single: &txtypes.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}}},
		}},
		Fee: &txtypes.Fee{GasLimit: gas},
	}).Marshal()
	if err != nil {
		return nil, err
	}
	document, err := (&txtypes.SignDoc{BodyBytes: body, AuthInfoBytes: auth, ChainId: w.chainID, AccountNumber: w.number}).Marshal()
	if err != nil {
		return nil, err
	}
	signature, _, err := w.keys.Sign(w.name, document, signing.SignMode_SIGN_MODE_DIRECT)
	if err != nil {
		return nil, err
	}
	return (&txtypes.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{signature}}).Marshal()
}

// outcome of a transaction in a block.
type outcome struct {
	height int64
	// seen is when the event of the commit arrived.
	seen time.Time
	code uint32
	log  string
	data []byte
}

// watcher learns of a node's commits by subscription.
type watcher struct {
	client *rpc.HTTP

	mu      sync.Mutex
	waiting map[string]chan outcome
	blocks  []time.Time
}

func watch(ctx context.Context, node string) (*watcher, error) {
	client, err := rpc.New(node, "/websocket")
	if err != nil {
		return nil, err
	}
	if err := client.Start(); err != nil {
		return nil, err
	}
	events, err := client.Subscribe(ctx, "bench", cmttypes.EventQueryNewBlock.String(), 256)
	if err != nil {
		return nil, errors.Join(err, client.Stop())
	}
	w := &watcher{client: client, waiting: map[string]chan outcome{}}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case event, open := <-events:
				seen := time.Now()
				if !open {
					return
				}
				if block, ok := event.Data.(cmttypes.EventDataNewBlock); ok {
					w.take(seen, block)
				}
			}
		}
	}()
	return w, nil
}

func (w *watcher) take(seen time.Time, e cmttypes.EventDataNewBlock) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocks = append(w.blocks, seen)
	for i, tx := range e.Block.Txs {
		key := string(tx.Hash())
		waiter, ok := w.waiting[key]
		if !ok || i >= len(e.ResultFinalizeBlock.TxResults) {
			continue
		}
		result := e.ResultFinalizeBlock.TxResults[i]
		waiter <- outcome{e.Block.Height, seen, result.Code, result.Log, result.Data}
		delete(w.waiting, key)
	}
}

// send hands a transaction to the node; its outcome comes once, with the event
// of its block.
func (w *watcher) send(ctx context.Context, tx cmttypes.Tx) (<-chan outcome, error) {
	done := make(chan outcome, 1)
	key := string(tx.Hash())
	w.mu.Lock()
	w.waiting[key] = done
	w.mu.Unlock()
	reply, err := w.client.BroadcastTxSync(ctx, tx)
	if err == nil && reply.Code != 0 {
		err = fmt.Errorf("refused with code %d: %s", reply.Code, strings.TrimSpace(reply.Log))
	}
	if err != nil {
		w.mu.Lock()
		delete(w.waiting, key)
		w.mu.Unlock()
	}
	return done, err
}

// deliver sends a message and waits for its block.
func (w *watcher) deliver(ctx context.Context, signer *wallet, gas uint64, message sdk.Msg) (outcome, error) {
	tx, err := signer.sign(gas, message)
	if err != nil {
		return outcome{}, err
	}
	done, err := w.send(ctx, tx)
	if err != nil {
		return outcome{}, err
	}
	select {
	case o := <-done:
		if o.code != 0 {
			return o, fmt.Errorf("block %d: code %d: %s", o.height, o.code, o.log)
		}
		return o, nil
	case <-time.After(time.Minute):
		return outcome{}, errors.New("no block within a minute")
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
}

// intervals are the seconds between the commits seen since a time.
func (w *watcher) intervals(since time.Time) []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []float64
	for i := 1; i < len(w.blocks); i++ {
		if w.blocks[i-1].After(since) {
			out = append(out, w.blocks[i].Sub(w.blocks[i-1]).Seconds())
		}
	}
	return out
}

// response decodes the only message's response of a transaction.
func (o outcome) response(into interface{ Unmarshal([]byte) error }) error {
	var data sdk.TxMsgData
	if err := data.Unmarshal(o.data); err != nil {
		return err
	}
	if len(data.MsgResponses) != 1 {
		return fmt.Errorf("%d responses", len(data.MsgResponses))
	}
	return into.Unmarshal(data.MsgResponses[0].Value)
}
