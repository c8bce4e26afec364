package header_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
)

// vector is a file of the model-based tests of Tendermint's light client (see
// testdata/light-client/LICENSE).
type vector struct {
	Initial struct {
		SignedHeader   old    `json:"signed_header"`
		NextValidators old    `json:"next_validator_set"`
		TrustingPeriod string `json:"trusting_period"`
	} `json:"initial"`
	Input []struct {
		Block struct {
			SignedHeader   old `json:"signed_header"`
			Validators     old `json:"validator_set"`
			NextValidators old `json:"next_validator_set"`
		} `json:"block"`
		Now     time.Time `json:"now"`
		Verdict string    `json:"verdict"`
	} `json:"input"`
}

// old is JSON of an older form: null where today nothing stands.
type old struct{ json.RawMessage }

func (o old) header(t *testing.T) *types.SignedHeader {
	t.Helper()
	var h types.SignedHeader
	o.decode(t, &h)
	return &h
}

func (o old) set(t *testing.T) *types.ValidatorSet {
	t.Helper()
	var s struct {
		Validators []*types.Validator `json:"validators"`
	}
	o.decode(t, &s)
	if len(s.Validators) == 0 {
		return &types.ValidatorSet{}
	}
	set, err := types.ValidatorSetFromExistingValidators(s.Validators)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (o old) decode(t *testing.T, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(o.RawMessage))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(withoutNull(v))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmtjson.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if x == nil {
				delete(v, k)
				continue
			}
			v[k] = withoutNull(x)
		}
	case []any:
		for i := range v {
			v[i] = withoutNull(v[i])
		}
	}
	return v
}

var errNoTrust = errors.New("a header between is needed")

func TestLightClientVectors(t *testing.T) {
	files, _ := filepath.Glob("testdata/light-client/*.json")
	steps := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v vector
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
			nanos, err := strconv.ParseInt(v.Initial.TrustingPeriod, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			rules := header.Rules{ChainID: "test-chain", TrustingPeriod: time.Duration(nanos), Agree: 2}
			trusted := &types.LightBlock{SignedHeader: v.Initial.SignedHeader.header(t), ValidatorSet: v.Initial.NextValidators.set(t)}
			for i, in := range v.Input {
				steps++
				block := &types.LightBlock{SignedHeader: in.Block.SignedHeader.header(t), ValidatorSet: in.Block.Validators.set(t)}
				err := rules.Verify(t.Context(), trusted, block, in.Now,
					func(context.Context, int64, *types.ValidatorSet) (*types.LightBlock, error) { return nil, errNoTrust })
				verdict := "INVALID"
				switch {
				case err == nil:
					verdict = "SUCCESS"
				case errors.Is(err, errNoTrust):
					verdict = "NOT_ENOUGH_TRUST"
				}
				if verdict != in.Verdict {
					t.Fatalf("step %d: %s (%v); want %s", i, verdict, err, in.Verdict)
				}
				if err == nil {
					trusted = &types.LightBlock{SignedHeader: block.SignedHeader, ValidatorSet: in.Block.NextValidators.set(t)}
				}
			}
		})
	}
	if len(files) != 9 || steps != 30 {
		t.Errorf("%d files, %d steps; want 9 and 30", len(files), steps)
	}
}
