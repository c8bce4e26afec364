package network

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"time"
)

// Policy of the network's one segment: it owns both prefixes; reading and
// telemetry bear an hour of silence, commands ten seconds.
const policy = `{
  "prefixes": ["http:/plant/", "mqtt:plant/"],
  "classes": {
    "command": {"max_staleness": "10s", "on_restart": "deny"},
    "read": {"max_staleness": "1h", "on_restart": "deny"},
    "telemetry": {"max_staleness": "1h", "on_restart": "deny"}
  },
  "actions": {"command": "command", "get": "read", "publish": "telemetry", "subscribe": "read"},
  "fleets": [],
  "advisory_issuers": []
}
`

// grantLife is shorter than the chain's bound of 400 days.
const grantLife = 365 * 24 * time.Hour

// furnish puts two active devices, a segment and the first device's grants on
// the chain. What is there already stays, so that a network whose making was
// interrupted is completed.
func (n *Network) furnish(ctx context.Context) error {
	d := n.Description()
	cli := d.CLI(d.Nodes[0])
	owner := n.state.Members[0]
	admin, operator := owner+"-admin", owner+"-operator"
	rest := d.Nodes[0].REST
	n.state.Devices = nil
	for kind, name := range deviceNames {
		id, err := makeDevice(n.dir, kind, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n.state.Devices = append(n.state.Devices, devicePin{Name: name, ID: id, Member: owner})
	}
	segment := n.state.Segment
	file := filepath.Join(n.dir, "policy.json")
	if err := writeFile(file, []byte(policy), 0o644); err != nil {
		return err
	}
	err := together(len(n.state.Devices)+1, func(i int) error {
		if i == len(n.state.Devices) {
			return unlessThere(ctx, rest+"/hallmark/access/v1/segment?segment="+url.QueryEscape(segment), func() error {
				_, err := cli.Tx(ctx, operator, "access", "create-segment", segmentSlug, "--policy", file)
				return err
			})
		}
		device := n.state.Devices[i]
		_, key := deviceFiles(n.dir, device.Name)
		return unlessThere(ctx, rest+"/hallmark/identity/v1/devices/"+url.PathEscape(device.ID), func() error {
			_, err := cli.Tx(ctx, admin, "identity", "enroll", "--key", key, "--model", "TESTNET-1", "--serial", device.Name)
			return err
		})
	})
	if err != nil {
		return err
	}
	return n.grantFirst(ctx, cli, operator, rest)
}

// grantFirst lets the first device publish below its own name and get the plant.
func (n *Network) grantFirst(ctx context.Context, cli CLI, operator, rest string) error {
	var held struct {
		Grants []json.RawMessage `json:"grants"`
	}
	device := n.state.Devices[0].ID
	err := restQuery(ctx, rest+"/hallmark/access/v1/grants?segment="+url.QueryEscape(n.state.Segment)+"&subject="+url.QueryEscape(device), &held)
	if err != nil || len(held.Grants) > 0 {
		return err
	}
	until := time.Now().Add(grantLife)
	_, err = cli.GrantBatch(ctx, operator, n.state.Segment, filepath.Join(n.dir, "grants.jsonl"),
		GrantLine{Subject: device, Actions: []string{"publish"}, Resources: []string{"mqtt:plant/" + device + "/#"}, Until: until},
		GrantLine{Subject: device, Actions: []string{"get"}, Resources: []string{"http:/plant/#"}, Until: until},
	)
	return err
}

// GrantLine is one line of the file that `tx access grant-batch` reads.
type GrantLine struct {
	Subject    string    `json:"subject"`
	Actions    []string  `json:"actions"`
	Resources  []string  `json:"resources"`
	Until      time.Time `json:"until"`
	Conditions []string  `json:"conditions,omitempty"`
}

// GrantBatch gives grants in one transaction; its ids are theirs, in order.
func (c CLI) GrantBatch(ctx context.Context, from, segment, file string, grants ...GrantLine) (TxResult, error) {
	var lines []byte
	for _, grant := range grants {
		grant.Until = grant.Until.UTC().Truncate(time.Second)
		line, err := json.Marshal(grant)
		if err != nil {
			return TxResult{}, err
		}
		lines = append(append(lines, line...), '\n')
	}
	if err := writeFile(file, lines, 0o644); err != nil {
		return TxResult{}, err
	}
	return c.Tx(ctx, from, "access", "grant-batch", segment, file)
}

// unlessThere does it unless the URL answers 200.
func unlessThere(ctx context.Context, url string, do func() error) error {
	if _, status, err := Get(ctx, url); err != nil || status == 200 {
		return err
	}
	return do()
}

func restQuery(ctx context.Context, url string, answer any) error {
	raw, status, err := Get(ctx, url)
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("%s: HTTP %d: %s", url, status, raw)
	}
	return json.Unmarshal(raw, answer)
}
