package source

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"
)

// Report hands evidence of an attack to the node, which checks it and gossips
// it to the validators.
func (n *Node) Report(ctx context.Context, evidence types.Evidence) error {
	ctx, cancel := context.WithTimeout(ctx, smallTimeout)
	defer cancel()
	encoded, err := cmtjson.Marshal(evidence)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "broadcast_evidence",
		"params": map[string]json.RawMessage{"evidence": encoded},
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base.String()+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	_, err = n.do(req, Header, maxSmall)
	return err
}
