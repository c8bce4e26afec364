package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The workload: devices of one owner with grantsPerDevice grants each, every
// grant with a validity and two comparisons of context.
const (
	grantsPerDevice = 10
	segmentID       = "acme/plant"
	actionPublish   = "publish"
	actionGet       = "get"
	noAttribute     = int64(-1) // the request lacks the attribute
)

// epoch is the time of the view's header; requests are of a second later.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var requestTime = epoch.Add(time.Second)

// grant is one grant, in the plain words from which every contender's own
// representation is made.
type grant struct {
	device         int
	action         string
	area           string // "mqtt:plant/line3/dev000042"
	notBefore      int64
	notAfter       int64
	maxTemperature int64
	minPressure    int64
	revoked        bool
}

// question is one request in plain words.
type question struct {
	device      int // one that the workload may not have
	action      string
	area        string
	temperature int64
	pressure    int64
}

type workload struct {
	devices   int
	suspended []bool
	grants    []grant // of device d: [d*grantsPerDevice, (d+1)*grantsPerDevice)
}

func newWorkload(grants int, seed uint64) *workload {
	random := rand.New(rand.NewPCG(seed, 1))
	w := &workload{devices: grants / grantsPerDevice}
	w.suspended = make([]bool, w.devices)
	w.grants = make([]grant, 0, grants)
	for device := range w.devices {
		w.suspended[device] = random.IntN(50) == 0
		for line := range grantsPerDevice {
			g := grant{
				device: device, action: actionPublish, area: area(device, line),
				notBefore: epoch.Add(-time.Hour).Unix(), notAfter: epoch.Add(24 * time.Hour).Unix(),
				maxTemperature: 60 + random.Int64N(20), minPressure: 10 + random.Int64N(10),
			}
			if line%2 == 1 {
				g.action = actionGet
			}
			switch random.IntN(20) {
			case 0:
				g.notAfter = epoch.Add(-time.Minute).Unix()
			case 1:
				g.notBefore = epoch.Add(time.Hour).Unix()
			case 2:
				g.revoked = true
			}
			w.grants = append(w.grants, g)
		}
	}
	return w
}

func area(device, line int) string { return fmt.Sprintf("mqtt:plant/line%d/dev%06d", line, device) }

// questions asks about the first devices of the workload: about half are
// allowed, the rest fail in every way that there is.
func (w *workload) questions(n, devices int, seed uint64) []question {
	random := rand.New(rand.NewPCG(seed, 2))
	qs := make([]question, n)
	for i := range qs {
		device := random.IntN(devices)
		g := &w.grants[device*grantsPerDevice+random.IntN(grantsPerDevice)]
		q := question{device: device, action: g.action, area: g.area,
			temperature: g.maxTemperature - random.Int64N(30), pressure: g.minPressure + random.Int64N(50)}
		switch p := random.IntN(100); {
		case p < 64: // as granted
		case p < 71:
			if q.action = actionGet; g.action == actionGet {
				q.action = actionPublish
			}
		case p < 78:
			q.area = area((device+1)%w.devices, random.IntN(grantsPerDevice))
		case p < 85:
			q.temperature = g.maxTemperature + 1 + random.Int64N(30)
		case p < 92:
			q.pressure = g.minPressure - 1 - random.Int64N(g.minPressure-1)
		case p < 94:
			q.temperature = noAttribute
		case p < 96:
			q.pressure = noAttribute
		default:
			q.device = w.devices + device
		}
		qs[i] = q
	}
	return qs
}

// topicOf is the topic of an area that questions are about.
func topicOf(area string) string { return area + "/state" }

// digest is that of the n-th device's first key.
func digest(n int) identity.KeyDigest { return sha256.Sum256(fmt.Appendf(nil, "device %d", n)) }

// view is the workload as a gateway holds it.
func (w *workload) view() (*access.View, error) {
	records := make([]feed.Record, 0, 1+w.devices+len(w.grants))
	add := func(key []byte, message interface{ Marshal() ([]byte, error) }) error {
		value, err := message.Marshal()
		records = append(records, feed.Record{Key: key, Value: value})
		return err
	}
	policy := &access.Policy{
		Member: "acme", Prefixes: []string{"http:/plant/", "mqtt:plant/"},
		Classes: []access.Class{
			{Name: "read", MaxStaleness: time.Hour, OnRestart: access.OnRestartDeny},
			{Name: "safety", MaxStaleness: time.Minute, OnRestart: access.OnRestartDeny},
		},
		Actions:     []access.ActionClass{{Action: actionGet, Class: "read"}, {Action: actionPublish, Class: "safety"}},
		SinceHeight: 1,
	}
	if err := add(access.PolicyKey(), policy); err != nil {
		return nil, err
	}
	for n := range w.devices {
		d := digest(n)
		device := &identity.Device{
			Maker: "maker", Owner: "acme", Ownership: 1, Model: "pump-3000", Status: identity.StatusActive, SinceHeight: 2,
			Key: identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: d[:], SinceHeight: 2},
		}
		if w.suspended[n] {
			device.Status = identity.StatusSuspended
		}
		if err := add(identity.DeviceKey(d), device); err != nil {
			return nil, err
		}
	}
	for i := range w.grants {
		if err := add(w.record(i)); err != nil {
			return nil, err
		}
	}
	segment, err := makeSet(feed.Segment(segmentID), records)
	if err != nil {
		return nil, err
	}
	seg, err := access.NewSegment(segmentID, &feed.Head{Name: segment.Name(), Sequence: 31, Height: 120}, segment)
	if err != nil {
		return nil, err
	}
	records = records[:0]
	if err := add(consortium.MemberKey("acme"), &consortium.Member{Id: "acme", Name: "Acme", Standing: consortium.StandingActive, SinceHeight: 1}); err != nil {
		return nil, err
	}
	members, err := makeSet(feed.Members, records)
	if err != nil {
		return nil, err
	}
	return &access.View{State: access.StateVerified, Height: 150, Time: epoch, Segments: []access.Segment{seg}, Members: members}, nil
}

// record is the i-th grant as it stands in the segment's feed; its id is i+1.
func (w *workload) record(i int) (key []byte, value interface{ Marshal() ([]byte, error) }) {
	g := &w.grants[i]
	a := &access.Grant{
		Issuer: "acme", Actions: []string{g.action}, Resources: []string{g.area + "/#"},
		NotBefore: g.notBefore, NotAfter: g.notAfter,
		Conditions: []access.Condition{
			{Attribute: "temperature", Operator: access.OperatorLe, Value: &access.Condition_Number{Number: g.maxTemperature}},
			{Attribute: "pressure", Operator: access.OperatorGe, Value: &access.Condition_Number{Number: g.minPressure}},
		},
		Owner: "acme", Ownership: 1, Height: 3,
	}
	if g.revoked {
		a.RevokedHeight = 100
	}
	return access.GrantKey(digest(g.device), uint64(i+1)), a
}

func makeSet(name string, records []feed.Record) (*feed.Set, error) {
	slices.SortFunc(records, func(a, b feed.Record) int { return bytes.Compare(a.Key, b.Key) })
	builder := access.NewBuilder(name)
	for _, r := range records {
		if err := builder.Add(r.Key, r.Value); err != nil {
			return nil, err
		}
	}
	return builder.Set(), nil
}
