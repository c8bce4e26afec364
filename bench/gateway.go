package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// gateway asks a running gateway over HTTP, connections kept.
type gateway struct {
	url    string
	client *http.Client
}

func newGateway(url string) *gateway {
	return &gateway{strings.TrimRight(url, "/"), &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
}

// ask is one question of AuthZEN; context may be nil.
type ask struct {
	subject, action, resource string
	context                   map[string]int64
}

func (a ask) body() []byte {
	kind, id, _ := strings.Cut(a.resource, ":")
	body := map[string]any{
		"subject":  map[string]string{"type": "device", "id": a.subject},
		"action":   map[string]string{"name": a.action},
		"resource": map[string]string{"type": kind, "id": id},
	}
	if a.context != nil {
		body["context"] = a.context
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return raw
}

type answer struct {
	Decision bool `json:"decision"`
	Context  struct {
		Reason string `json:"reason"`
		Grant  string `json:"grant"`
	} `json:"context"`
}

// evaluate sends a body made by ask.body.
func (g *gateway) evaluate(ctx context.Context, body []byte) (answer, error) {
	var a answer
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/access/v1/evaluation", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	request.Header.Set("Content-Type", "application/json")
	return a, g.do(request, &a)
}

func (g *gateway) do(request *http.Request, into any) error {
	response, err := g.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: HTTP %d: %s", request.URL.Path, response.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}

type gatewayStatus struct {
	State   string `json:"state"`
	Height  string `json:"height"`
	Primary string `json:"primary"`
	Feeds   []struct {
		Name    string `json:"name"`
		Records string `json:"records"`
	} `json:"feeds"`
	LastError string `json:"last_error"`
}

func (g *gateway) status(ctx context.Context) (gatewayStatus, error) {
	var s gatewayStatus
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/v1/status", nil)
	if err != nil {
		return s, err
	}
	return s, g.do(request, &s)
}

// records is how many records the gateway's View holds of a feed.
func (s gatewayStatus) records(feed string) uint64 {
	for _, f := range s.Feeds {
		if f.Name == feed {
			n, _ := strconv.ParseUint(f.Records, 10, 64)
			return n
		}
	}
	return 0
}
