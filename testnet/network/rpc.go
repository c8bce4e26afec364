package network

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The answers of our own nodes are small; what is larger is not one of them.
const answerLimit = 16 << 20

var client = &http.Client{Timeout: 10 * time.Second}

// RPC asks a node's CometBFT RPC. It believes what it is told: it serves the
// making and the tests of networks, not gateways.
type RPC string

// Call decodes the result of one method.
func (r RPC) Call(ctx context.Context, result any, method string, args ...string) error {
	url := string(r) + "/" + method
	if len(args) > 0 {
		url += "?" + strings.Join(args, "&")
	}
	var envelope struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Message string `json:"message"`
			Data    string `json:"data"`
		} `json:"error"`
	}
	// CometBFT answers errors with 500 and the same envelope.
	raw, status, err := Get(ctx, url)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return fmt.Errorf("%s: HTTP %d: %w", url, status, err)
	}
	if envelope.Error != nil {
		return fmt.Errorf("%s: %s %s", url, envelope.Error.Message, envelope.Error.Data)
	}
	return json.Unmarshal(envelope.Result, result)
}

// Get fetches a URL, whatever the status.
func Get(ctx context.Context, url string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	return Do(request)
}

// Post sends a body, whatever the status that comes back.
func Post(ctx context.Context, url, contentType string, body io.Reader) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", contentType)
	return Do(request)
}

// Do sends a request and reads its answer, bounded.
func Do(request *http.Request) ([]byte, int, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	return raw, response.StatusCode, err
}

// Height is the height of the node's latest block.
func (r RPC) Height(ctx context.Context) (int64, error) {
	var status struct {
		SyncInfo struct {
			Height Int64 `json:"latest_block_height"`
		} `json:"sync_info"`
	}
	err := r.Call(ctx, &status, "status")
	return int64(status.SyncInfo.Height), err
}

// Header is what we use of a block's header.
type Header struct {
	Height int64
	Hash   string
	Time   time.Time
}

// Header returns the committed header of a height; 0 is the latest.
func (r RPC) Header(ctx context.Context, height int64) (Header, error) {
	var commit struct {
		SignedHeader struct {
			Header struct {
				Height Int64     `json:"height"`
				Time   time.Time `json:"time"`
			} `json:"header"`
			Commit struct {
				BlockID struct {
					Hash string `json:"hash"`
				} `json:"block_id"`
			} `json:"commit"`
		} `json:"signed_header"`
	}
	var args []string
	if height > 0 {
		args = append(args, "height="+strconv.FormatInt(height, 10))
	}
	if err := r.Call(ctx, &commit, "commit", args...); err != nil {
		return Header{}, err
	}
	h := commit.SignedHeader
	return Header{Height: int64(h.Header.Height), Hash: h.Commit.BlockID.Hash, Time: h.Header.Time}, nil
}

// Created returns the values of the event attribute "id" of a transaction: the
// ids of what it created, in order.
func (r RPC) Created(ctx context.Context, txhash string) ([]string, error) {
	var tx struct {
		Result struct {
			Events []struct {
				Attributes []struct {
					Key   string `json:"key"`
					Value string `json:"value"`
				} `json:"attributes"`
			} `json:"events"`
		} `json:"tx_result"`
	}
	if err := r.Call(ctx, &tx, "tx", "hash=0x"+txhash); err != nil {
		return nil, err
	}
	var ids []string
	for _, event := range tx.Result.Events {
		for _, attribute := range event.Attributes {
			if attribute.Key == "id" {
				ids = append(ids, attribute.Value)
			}
		}
	}
	return ids, nil
}
