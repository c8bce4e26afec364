package source

import (
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// FuzzDecode: bytes of a node never end the process, and what is decoded stays
// within its bounds.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `null`, `{"result":{}}`, `{"error":{"code":1,"message":"m","data":"d"}}`,
		`{"node_info":{"id":"a","network":"c"},"sync_info":{"latest_block_height":"5","catching_up":false}}`,
		`{"header":{"chain_id":"c","height":"3","time":"2026-01-01T00:00:00Z"}}`,
		`{"signed_header":{"header":{"chain_id":"c"},"commit":{"height":"3","signatures":[{"block_id_flag":2}]}}}`,
		`{"block_height":"3","validators":[{"address":"AA==","pub_key":{"type":"tendermint/PubKeyEd25519","value":"AA=="},"voting_power":"1"}],"total":"1"}`,
		`{"validators":[null],"total":"1"}`,
		`{"response":{"code":0,"key":"AQ==","value":"AQ==","height":"3","proofOps":{"ops":[{"type":"ics23:iavl","key":"AQ==","data":"AQ=="}]}}}`,
		`{"response":{"height":3,"proofOps":null}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raw, err := decodeEnvelope(b)
		if err == nil && len(raw) == 0 {
			t.Fatal("a result of nothing")
		}
		if status, _, err := decodeStatus(b); err == nil && status.Height < 0 {
			t.Fatal("a height below zero")
		}
		if h, err := decodeHeader(b); err == nil && h != nil {
			_ = safely(h.ValidateBasic)
		}
		if s, err := decodeCommit(b); err == nil && s != nil && s.Header != nil && s.Commit != nil {
			_ = safely(func() error { return s.ValidateBasic("c") })
		}
		if page, err := decodeValidators(b); err == nil {
			if set, err := newValidatorSet(page.Validators); err == nil && set.Size() != len(page.Validators) {
				t.Fatal("validators were lost")
			}
		}
		if r, err := decodeQuery(b); err == nil {
			_ = r.ops()
		}
		_ = decodeProto(b, new(feed.ChangesResponse))
		_ = decodeProto(b, new(feed.RecordsResponse))
	})
}
