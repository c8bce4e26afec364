package consortium

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSharesNeverAddUpToMoreThanTheBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := Share{
			Transactions: rapid.Uint64Range(4, 100_000).Draw(t, "transactions"),
			Bytes:        rapid.Uint64Range(1<<16, 64<<20).Draw(t, "bytes"),
			Gas:          rapid.Uint64Range(1_000_000, 1<<50).Draw(t, "gas"),
			Changes:      rapid.Uint64Range(64, 1_000_000).Draw(t, "changes"),
		}
		active := rapid.Uint64Range(1, 200).Draw(t, "active")
		free, narrowing := block.Shares(active)
		for _, s := range [][3]uint64{
			{free.Transactions, narrowing.Transactions, block.Transactions},
			{free.Bytes, narrowing.Bytes, block.Bytes},
			{free.Gas, narrowing.Gas, block.Gas},
			{free.Changes, narrowing.Changes, block.Changes},
		} {
			if (s[0]+s[1])*active > s[2] {
				t.Fatalf("%d members × (%d + %d) is more than %d", active, s[0], s[1], s[2])
			}
		}
	})
}

func TestTakeLeavesTheShareWhenThereIsTooLittle(t *testing.T) {
	share := Share{Transactions: 1, Bytes: 10, Gas: 10, Changes: 1}
	for name, cost := range map[string]Share{
		"transactions": {Transactions: 2},
		"bytes":        {Bytes: 11},
		"gas":          {Gas: 11},
		"changes":      {Changes: 2},
	} {
		left, err := share.Take(cost)
		if err == nil || left != share {
			t.Errorf("%s: took %+v out of %+v: %+v, %v", name, cost, share, left, err)
		}
	}
	left, err := share.Take(share)
	if err != nil || left != (Share{}) {
		t.Errorf("took all: %+v, %v", left, err)
	}
}

func TestOnlyARemovedMemberEnds(t *testing.T) {
	now := time.Unix(1000, 0)
	past, future := now.Add(-time.Second), now.Add(time.Second)
	for name, c := range map[string]struct {
		member Member
		ended  bool
	}{
		"active":                 {Member{Standing: StandingActive}, false},
		"suspended":              {Member{Standing: StandingSuspended}, false},
		"removed, in its notice": {Member{Standing: StandingRemoved, Ends: &future}, false},
		"removed, at its end":    {Member{Standing: StandingRemoved, Ends: &now}, true},
		"removed, after it":      {Member{Standing: StandingRemoved, Ends: &past}, true},
		"removed without notice": {Member{Standing: StandingRemoved}, true},
	} {
		if got := c.member.Ended(now); got != c.ended {
			t.Errorf("%s: ended %v", name, got)
		}
	}
}

func TestMemberBounds(t *testing.T) {
	when := time.Unix(1, 0)
	bad := map[string]Member{
		"short id":          {Id: "a", Standing: StandingActive},
		"long id":           {Id: "a23456789012345678901234567890123", Standing: StandingActive},
		"upper case":        {Id: "Acme", Standing: StandingActive},
		"slash":             {Id: "ac/me", Standing: StandingActive},
		"leading hyphen":    {Id: "-acme", Standing: StandingActive},
		"trailing hyphen":   {Id: "acme-", Standing: StandingActive},
		"no standing":       {Id: "acme"},
		"unknown standing":  {Id: "acme", Standing: 9},
		"ends while active": {Id: "acme", Standing: StandingActive, Ends: &when},
		"removed, no end":   {Id: "acme", Standing: StandingRemoved},
		"name not UTF-8":    {Id: "acme", Standing: StandingActive, Name: "\xff"},
		"negative height":   {Id: "acme", Standing: StandingActive, SinceHeight: -1},
	}
	for name, m := range bad {
		if m.Validate() == nil {
			t.Errorf("%s was taken: %+v", name, m)
		}
	}
	good := Member{Id: "acme-2", Standing: StandingRemoved, Ends: &when}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAnAdminHoldsEveryRole(t *testing.T) {
	for _, r := range Roles {
		if !HasRole([]string{RoleAdmin}, r) {
			t.Errorf("admin lacks %s", r)
		}
	}
	if HasRole([]string{RoleOperator}, RoleManufacturer) {
		t.Error("an operator is a manufacturer")
	}
	for _, roles := range [][]string{nil, {"king"}, {"operator", "admin"}, {"admin", "admin"}} {
		if ValidateRoles(roles) == nil {
			t.Errorf("roles %v were taken", roles)
		}
	}
}
