package network

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Decision is a gateway's answer, with what the contract says of its context.
type Decision struct {
	Decision bool `json:"decision"`
	Context  struct {
		Reason   string `json:"reason"`
		Detail   string `json:"detail"`
		Fix      string `json:"fix"`
		Segment  string `json:"segment"`
		Grant    string `json:"grant"`
		Height   Int64  `json:"height"`
		Sequence Int64  `json:"sequence"`
		Since    Int64  `json:"since"`
	} `json:"context"`
}

// Evaluate asks the decision point at a URL whether a device may act on a
// resource, "<type>:<path>". Anything but an answer with HTTP 200 is an error.
func Evaluate(ctx context.Context, gateway, subject, action, resource string) (Decision, error) {
	var decision Decision
	kind, id, _ := strings.Cut(resource, ":")
	body, err := json.Marshal(map[string]any{
		"subject":  map[string]string{"type": "device", "id": subject},
		"action":   map[string]string{"name": action},
		"resource": map[string]string{"type": kind, "id": id},
	})
	if err != nil {
		return decision, err
	}
	raw, status, err := Post(ctx, gateway+"/access/v1/evaluation", "application/json", bytes.NewReader(body))
	if err != nil {
		return decision, err
	}
	if status != http.StatusOK {
		return decision, fmt.Errorf("evaluation: HTTP %d: %s", status, raw)
	}
	return decision, json.Unmarshal(raw, &decision)
}

// GatewayStatus is what /v1/status says of a gateway.
type GatewayStatus struct {
	ChainID    string  `json:"chain_id"`
	State      string  `json:"state"`
	Height     Int64   `json:"height"`
	AgeSeconds float64 `json:"age_seconds"`
	Primary    string  `json:"primary"`
	Witnesses  []struct {
		URL   string `json:"url"`
		State string `json:"state"`
	} `json:"witnesses"`
	LastError string `json:"last_error"`
}

// Status asks a gateway for its status.
func Status(ctx context.Context, gateway string) (GatewayStatus, error) {
	var status GatewayStatus
	return status, restQuery(ctx, gateway+"/v1/status", &status)
}
