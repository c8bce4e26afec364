package corpus

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Record is the policy as it stands in the segment's feed.
func (s *Segment) Record() (access.Policy, error) {
	member, _, err := access.ParseSegmentID(s.ID)
	if err != nil {
		return access.Policy{}, err
	}
	policy, err := access.ParsePolicyFile(s.Policy)
	policy.Member, policy.SinceHeight = member, 1
	return policy, err
}

var statuses = map[string]identity.Status{
	"manufactured": identity.StatusManufactured, "active": identity.StatusActive,
	"suspended": identity.StatusSuspended, "retired": identity.StatusRetired, "revoked": identity.StatusRevoked,
}

// Record is the device as it stands in feeds, with its first digest.
func (d *Device) Record() (identity.KeyDigest, identity.Device, error) {
	first, err := identity.ParseID(d.ID)
	if err != nil {
		return first, identity.Device{}, err
	}
	key, err := digest(d.Key)
	if err != nil {
		return first, identity.Device{}, err
	}
	if d.Key == "" {
		key = first
	}
	status, ok := statuses[d.Status]
	if !ok {
		return first, identity.Device{}, fmt.Errorf("status %q is unknown", d.Status)
	}
	return first, identity.Device{
		Maker: "maker", Owner: d.Owner, Ownership: d.Ownership, Model: "m1",
		Key:    identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: key[:], SinceHeight: d.KeySince},
		Status: status, SinceHeight: d.SinceHeight,
	}, nil
}

// Record is the grant as it stands in the segment's feed, with its subject.
func (g *Grant) Record(issuer string) (identity.KeyDigest, access.Grant, error) {
	subject, err := identity.ParseID(g.Subject)
	if err != nil {
		return subject, access.Grant{}, err
	}
	r := access.Grant{
		Issuer: issuer, Actions: g.Actions, Resources: g.Resources,
		NotBefore: g.NotBefore.Unix(), NotAfter: g.NotAfter.Unix(),
		Owner: g.Owner, Ownership: g.Ownership, Height: g.Height,
		RevokedHeight: g.RevokedHeight, RevokedReason: g.RevokedReason,
	}
	for _, text := range g.Conditions {
		c, err := access.ParseCondition(text)
		if err != nil {
			return subject, r, err
		}
		r.Conditions = append(r.Conditions, c)
	}
	return subject, r, r.Validate()
}

// Record is the member as it stands in feed "members".
func (m *Member) Record() (consortium.Member, error) {
	standings := map[string]consortium.Standing{
		"active": consortium.StandingActive, "suspended": consortium.StandingSuspended, "removed": consortium.StandingRemoved,
	}
	r := consortium.Member{Id: m.ID, Name: m.ID, Standing: standings[m.Standing], SinceHeight: m.SinceHeight, Ends: m.Ends}
	return r, r.Validate()
}

// Ask is the request of a check.
func (c *Check) Ask() (*access.Request, error) {
	subject, err := identity.ParseID(c.Request.Subject)
	if err != nil {
		return nil, err
	}
	key, err := digest(c.Request.Key)
	if err != nil {
		return nil, err
	}
	r := &access.Request{Subject: subject, Key: key, Action: c.Request.Action, Resource: c.Request.Resource}
	for _, name := range slices.Sorted(maps.Keys(c.Request.Context)) {
		a := access.Attribute{Name: name}
		switch v := c.Request.Context[name].(type) {
		case json.Number:
			a.Kind = access.KindNumber
			if a.Number, err = v.Int64(); err != nil {
				return nil, err
			}
		case string:
			a.Kind, a.Text = access.KindText, v
		case bool:
			a.Kind, a.Truth = access.KindTruth, v
		default:
			return nil, fmt.Errorf("context.%s: %T", name, v)
		}
		r.Context = append(r.Context, a)
	}
	return r, nil
}

// At is the time of a check.
func (c *Check) At() (access.Now, error) {
	bases := map[string]access.Basis{
		"verified": access.ClockVerified, "restarted": access.ClockRestarted, "untrusted": access.ClockUntrusted,
	}
	basis, ok := bases[c.Now.Basis]
	if !ok {
		return access.Now{}, fmt.Errorf("basis %q is unknown", c.Now.Basis)
	}
	return access.Now{Time: c.Now.Time, Basis: basis}, nil
}

// digest reads a key's digest in hex; empty is zero.
func digest(text string) (d identity.KeyDigest, err error) {
	if text == "" {
		return d, nil
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("digest %q: want 32 bytes in hex", text)
	}
	return identity.KeyDigest(b), nil
}
