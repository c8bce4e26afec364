// Package corpus reads the decisions that every caller of access.Decide must
// reproduce: views, requests, times, and what is to be decided. The files are in
// x/access/testdata/decisions; it is imported by tests alone.
package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// File is one view with what is decided on it.
type File struct {
	// Name of the file, without its extension.
	Name  string `json:"-"`
	About string `json:"about"`
	View  View   `json:"view"`
	// Checks are independent of each other.
	Checks []Check `json:"checks"`
}

// View as the files have it.
type View struct {
	State    string    `json:"state"`
	Height   int64     `json:"height"`
	Time     time.Time `json:"time"`
	Segments []Segment `json:"segments"`
	Members  []Member  `json:"members"`
}

// Segment as the files have it. Its policy is a policy file.
type Segment struct {
	ID       string          `json:"id"`
	Sequence uint64          `json:"sequence"`
	Height   int64           `json:"height"`
	Policy   json.RawMessage `json:"policy"`
	Devices  []Device        `json:"devices"`
	Grants   []Grant         `json:"grants"`
}

// Device as the files have it. Key is the digest of its live key, in hex; the
// first one when it is absent.
type Device struct {
	ID          string `json:"id"`
	Owner       string `json:"owner"`
	Ownership   uint64 `json:"ownership"`
	Key         string `json:"key,omitempty"`
	KeySince    int64  `json:"key_since"`
	Status      string `json:"status"`
	SinceHeight int64  `json:"since_height"`
}

// Grant as the files have it.
type Grant struct {
	ID            uint64    `json:"id"`
	Subject       string    `json:"subject"`
	Actions       []string  `json:"actions"`
	Resources     []string  `json:"resources"`
	NotBefore     time.Time `json:"not_before"`
	NotAfter      time.Time `json:"not_after"`
	Conditions    []string  `json:"conditions,omitempty"`
	Owner         string    `json:"owner"`
	Ownership     uint64    `json:"ownership"`
	Height        int64     `json:"height"`
	RevokedHeight int64     `json:"revoked_height,omitempty"`
	RevokedReason string    `json:"revoked_reason,omitempty"`
}

// Member as the files have it.
type Member struct {
	ID          string     `json:"id"`
	Standing    string     `json:"standing"`
	SinceHeight int64      `json:"since_height"`
	Ends        *time.Time `json:"ends,omitempty"`
}

// Check is one request, a time, and the decision.
type Check struct {
	About   string `json:"about"`
	Request struct {
		Subject  string         `json:"subject"`
		Key      string         `json:"key,omitempty"`
		Action   string         `json:"action"`
		Resource string         `json:"resource"`
		Context  map[string]any `json:"context,omitempty"`
	} `json:"request"`
	Now struct {
		Time  time.Time `json:"time"`
		Basis string    `json:"basis"`
	} `json:"now"`
	Decision Decision `json:"decision"`
}

// Decision as the files have it.
type Decision struct {
	Allow     bool          `json:"allow"`
	Reason    access.Reason `json:"reason"`
	Segment   string        `json:"segment,omitempty"`
	Grant     uint64        `json:"grant,omitempty"`
	Height    int64         `json:"height,omitempty"`
	Sequence  uint64        `json:"sequence,omitempty"`
	Since     int64         `json:"since,omitempty"`
	Condition uint8         `json:"condition,omitempty"`
}

// Of is a decision as the files have it.
func Of(d access.Decision) Decision {
	return Decision{
		Allow: d.Allow, Reason: d.Reason, Segment: d.Segment, Grant: d.Grant,
		Height: d.Height, Sequence: d.Sequence, Since: d.Since, Condition: d.Condition,
	}
}

// folder is where the files are in the source tree.
const folder = "x/access/testdata/decisions"

// find looks for the files above the working directory, which is that of the
// package under test. A binary built with -trimpath does not know where its
// sources are.
func find() ([]string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		paths, err := filepath.Glob(filepath.Join(dir, folder, "*.json"))
		if err != nil || len(paths) > 0 {
			return paths, err
		}
		if dir == filepath.Dir(dir) {
			return nil, fmt.Errorf("corpus: no files in %s, here or above", folder)
		}
		dir = filepath.Dir(dir)
	}
}

// Load reads all files, by name.
func Load() ([]File, error) {
	paths, err := find()
	if err != nil {
		return nil, err
	}
	var files []File
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f := File{Name: filepath.Base(path[:len(path)-len(".json")])}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		d.UseNumber()
		if err := d.Decode(&f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// Build makes the View that a gateway would hold.
func (v *View) Build() (*access.View, error) {
	view := &access.View{Height: v.Height, Time: v.Time}
	switch v.State {
	case "verified":
		view.State = access.StateVerified
	case "attack":
		view.State = access.StateAttack
	case "unverified":
	default:
		return nil, fmt.Errorf("state %q is unknown", v.State)
	}
	for i := range v.Segments {
		s, err := v.Segments[i].build()
		if err != nil {
			return nil, fmt.Errorf("segments[%d]: %w", i, err)
		}
		view.Segments = append(view.Segments, s)
	}
	var records []feed.Record
	for i := range v.Members {
		m, err := v.Members[i].Record()
		if err != nil {
			return nil, fmt.Errorf("members[%d]: %w", i, err)
		}
		if err := add(&records, consortium.MemberKey(m.Id), &m); err != nil {
			return nil, err
		}
	}
	var err error
	view.Members, err = set(feed.Members, records)
	return view, err
}

func (s *Segment) build() (access.Segment, error) {
	policy, err := s.Record()
	if err != nil {
		return access.Segment{}, err
	}
	var records []feed.Record
	if err := add(&records, access.PolicyKey(), &policy); err != nil {
		return access.Segment{}, err
	}
	for i := range s.Devices {
		id, d, err := s.Devices[i].Record()
		if err != nil {
			return access.Segment{}, fmt.Errorf("devices[%d]: %w", i, err)
		}
		if err := add(&records, identity.DeviceKey(id), &d); err != nil {
			return access.Segment{}, err
		}
	}
	for i := range s.Grants {
		id, g, err := s.Grants[i].Record(policy.Member)
		if err != nil {
			return access.Segment{}, fmt.Errorf("grants[%d]: %w", i, err)
		}
		if err := add(&records, access.GrantKey(id, s.Grants[i].ID), &g); err != nil {
			return access.Segment{}, err
		}
	}
	name := feed.Segment(s.ID)
	held, err := set(name, records)
	if err != nil {
		return access.Segment{}, err
	}
	return access.NewSegment(s.ID, &feed.Head{Name: name, Sequence: s.Sequence, Height: s.Height}, held)
}

func add(records *[]feed.Record, key []byte, m interface{ Marshal() ([]byte, error) }) error {
	value, err := m.Marshal()
	*records = append(*records, feed.Record{Key: key, Value: value})
	return err
}

func set(name string, records []feed.Record) (*feed.Set, error) {
	slices.SortFunc(records, func(a, b feed.Record) int { return bytes.Compare(a.Key, b.Key) })
	b := access.NewBuilder(name)
	for _, r := range records {
		if err := b.Add(r.Key, r.Value); err != nil {
			return nil, err
		}
	}
	return b.Set(), nil
}
