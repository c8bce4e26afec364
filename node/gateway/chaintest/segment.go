package chaintest

import (
	"encoding/binary"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Segment puts a segment with a readable policy into the next block: class
// "read" of a minute, and class "control" of ten seconds that denies after a
// restart when trust is false.
func (c *Chain) Segment(member, slug string, trust bool) {
	restart := access.OnRestartDeny
	if trust {
		restart = access.OnRestartTrustClock
	}
	policy := access.Policy{
		Member: member, Prefixes: []string{"mqtt:" + member + "/" + slug + "/"},
		Classes: []access.Class{
			{Name: "control", MaxStaleness: 10 * time.Second, OnRestart: access.OnRestartDeny},
			{Name: "read", MaxStaleness: time.Minute, OnRestart: restart},
		},
	}
	c.Put(feed.Segment(member+"/"+slug), access.PolicyKey(), must(policy.Marshal()))
}

// Member puts a member into the feed of members.
func (c *Chain) Member(id string) {
	c.Put(feed.Members, append([]byte{'m'}, id...), []byte(id))
}

// Key is a key of eight bytes, beside those of the segment's own records.
func Key(i int) []byte { return binary.BigEndian.AppendUint64([]byte{'x'}, uint64(i)) }
