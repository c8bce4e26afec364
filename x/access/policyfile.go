package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// MaxPolicyFile bounds a policy file, in bytes.
const MaxPolicyFile = 64 * 1024

// policyFile is a policy as people write it.
type policyFile struct {
	Prefixes []string `json:"prefixes"`
	Classes  map[string]struct {
		MaxStaleness string `json:"max_staleness"`
		OnRestart    string `json:"on_restart"`
	} `json:"classes"`
	Actions         map[string]string `json:"actions"`
	Fleets          []string          `json:"fleets"`
	AdvisoryIssuers []string          `json:"advisory_issuers"`
}

// ParsePolicyFile reads a policy as people write it, and checks it:
//
//	{"prefixes":["mqtt:plant/"],"classes":{"read":{"max_staleness":"1h","on_restart":"deny"}},
//	 "actions":{"get":"read"},"fleets":[],"advisory_issuers":[]}
//
// A field that is unknown, or a name that stands twice, is an error: either is a
// mistake that would change what is allowed.
func ParsePolicyFile(data []byte) (Policy, error) {
	if len(data) > MaxPolicyFile {
		return Policy{}, fmt.Errorf("policy file: %d bytes; want at most %d", len(data), MaxPolicyFile)
	}
	if err := refuseTwice(json.NewDecoder(bytes.NewReader(data)), "", 0); err != nil {
		return Policy{}, fmt.Errorf("policy file: %w", err)
	}
	var f policyFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return Policy{}, fmt.Errorf("policy file: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Policy{}, errors.New("policy file: something follows the object")
	}
	p := Policy{Prefixes: f.Prefixes, Fleets: f.Fleets, AdvisoryIssuers: f.AdvisoryIssuers}
	for _, name := range slices.Sorted(maps.Keys(f.Classes)) {
		said := f.Classes[name]
		c := Class{Name: name}
		var err error
		if c.MaxStaleness, err = ParseDuration(said.MaxStaleness); err != nil {
			return Policy{}, fmt.Errorf("classes.%.40s.max_staleness: %w", name, err)
		}
		switch said.OnRestart {
		case "", "deny":
			c.OnRestart = OnRestartDeny
		case "trust_clock":
			c.OnRestart = OnRestartTrustClock
		default:
			return Policy{}, fmt.Errorf("classes.%.40s.on_restart: %.40q; want deny or trust_clock", name, said.OnRestart)
		}
		p.Classes = append(p.Classes, c)
	}
	for _, action := range slices.Sorted(maps.Keys(f.Actions)) {
		p.Actions = append(p.Actions, ActionClass{Action: action, Class: f.Actions[action]})
	}
	if err := p.Validate(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// refuseTwice reads one JSON value and fails on an object that has a name
// twice, of which encoding/json would silently keep the last. Names are compared
// as encoding/json matches them to fields: without case.
func refuseTwice(d *json.Decoder, at string, depth int) error {
	if depth > 8 {
		return fmt.Errorf("%s: nested too deep", at)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := make(map[string]bool)
	for d.More() {
		below := at
		if delim == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			below = at + "." + name
			if fold := foldName(name, depth); seen[fold] {
				return fmt.Errorf("%.80s stands twice", below[1:])
			} else {
				seen[fold] = true
			}
		}
		if err := refuseTwice(d, below, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// foldName is the name as it is compared: the fields of the file and of a class
// without case, the names of classes and actions as they are.
func foldName(name string, depth int) string {
	if depth == 1 {
		return name
	}
	return string(bytes.ToLower([]byte(name)))
}
