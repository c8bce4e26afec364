package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	accesstypes "github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/identity"
	identitytypes "github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Gas that no message here reaches, below a member's share of a block.
const (
	gasLoad   = 200_000_000
	gasRevoke = 2_000_000
)

// Rows activated and grants given in one transaction.
const (
	rowsPerTx   = 500
	grantsPerTx = 1000
)

// given is a grant that stands on the chain.
type given struct {
	id  uint64
	ask ask // what it allows
}

// loader writes devices and grants to the chain as their owner would.
type loader struct {
	o       options
	owner   *wallet
	watcher *watcher
	member  string
	segment string
}

type madeDevice struct {
	id        string
	der       []byte
	key       ed25519.PrivateKey
	public    identity.PublicKey
	rowDigest identity.Hash
}

// devices enrols a factory list with one transaction and activates all of it.
func (l *loader) devices(ctx context.Context, n int) ([]string, error) {
	made := make([]madeDevice, n)
	leaves := make([]identity.Hash, n)
	for i := range made {
		seed := sha256.Sum256(fmt.Appendf(nil, "bench %s %d %d", l.owner.chainID, l.o.seed, i))
		key := ed25519.NewKeyFromSeed(seed[:])
		der, public, err := identity.PublicDER(key)
		if err != nil {
			return nil, err
		}
		row := sha256.Sum256(fmt.Appendf(nil, "BENCH-%06d,pump-3000,A,,ed25519,%x", i, der))
		made[i] = madeDevice{identity.ID(public.Digest), der, key, public, row}
		leaves[i] = identity.LeafHash(identity.LeafData(public.Digest, row))
	}
	tree := identity.NewTree(leaves)
	root := tree.Root()
	done, err := l.watcher.deliver(ctx, l.owner, gasLoad, &identitytypes.MsgEnrollBatch{Signer: l.owner.address, Model: "pump-3000", Root: root[:], Count: uint64(n)})
	if err != nil {
		return nil, fmt.Errorf("enrol the list: %w", err)
	}
	var batch identitytypes.MsgEnrollBatchResponse
	if err := done.response(&batch); err != nil {
		return nil, err
	}
	ids := make([]string, n)
	for from := 0; from < n; from += rowsPerTx {
		message := &identitytypes.MsgActivate{Signer: l.owner.address, Batch: batch.Id, Owner: l.member}
		for i := from; i < min(from+rowsPerTx, n); i++ {
			d := made[i]
			ids[i] = d.id
			statement := identity.ActivationStatement(l.owner.chainID, batch.Id, root, uint64(i+1), l.member, d.public.Digest)
			signature, err := identity.Sign(d.key, statement)
			if err != nil {
				return nil, err
			}
			row := identitytypes.Row{Row: uint64(i + 1), PublicKey: d.der, RowDigest: d.rowDigest[:], Signature: signature}
			for _, hash := range tree.Path(uint64(i)) {
				row.Proof = append(row.Proof, hash[:])
			}
			message.Rows = append(message.Rows, row)
		}
		if _, err := l.watcher.deliver(ctx, l.owner, gasLoad, message); err != nil {
			return nil, fmt.Errorf("activate rows %d to %d: %w", from+1, from+len(message.Rows), err)
		}
		l.o.tell("network: %s of %s devices", thousands(int64(from+len(message.Rows))), thousands(int64(n)))
	}
	return ids, nil
}

// grants gives ten grants to each device, a thousand to a transaction, with a
// validity and two comparisons of context each.
func (l *loader) grants(ctx context.Context, devices []string) ([]given, error) {
	random := rand.New(rand.NewPCG(l.o.seed, 4))
	until := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	total := len(devices) * grantsPerDevice
	all := make([]given, 0, total)
	for len(all) < total {
		from := len(all)
		message := &accesstypes.MsgGrant{Signer: l.owner.address, Segment: l.segment}
		for i := from; i < min(from+grantsPerTx, total); i++ {
			device, line := devices[i/grantsPerDevice], i%grantsPerDevice
			action := actionPublish
			if line%2 == 1 {
				action = actionGet
			}
			hottest, least := 60+random.Int64N(20), 10+random.Int64N(10)
			place := fmt.Sprintf("mqtt:plant/line%d/dev%06d", line, i/grantsPerDevice)
			message.Grants = append(message.Grants, accesstypes.GrantSpec{
				Subject: device, Actions: []string{action}, Resources: []string{place + "/#"}, NotAfter: until,
				Conditions: []access.Condition{
					{Attribute: "temperature", Operator: access.OperatorLe, Value: &access.Condition_Number{Number: hottest}},
					{Attribute: "pressure", Operator: access.OperatorGe, Value: &access.Condition_Number{Number: least}},
				},
			})
			all = append(all, given{ask: ask{device, action, place + "/state", map[string]int64{"temperature": hottest - 1, "pressure": least + 1}}})
		}
		done, err := l.watcher.deliver(ctx, l.owner, gasLoad, message)
		// Others may have used up the member's changes of this block.
		for tries := 0; err != nil && done.code != 0 && strings.Contains(done.log, "quota") && tries < 5; tries++ {
			done, err = l.watcher.deliver(ctx, l.owner, gasLoad, message)
		}
		if err != nil {
			return nil, fmt.Errorf("grants %d to %d: %w", from+1, len(all), err)
		}
		var reply accesstypes.MsgGrantResponse
		if err := done.response(&reply); err != nil {
			return nil, err
		}
		if len(reply.Ids) != len(message.Grants) {
			return nil, fmt.Errorf("%d ids for %d grants", len(reply.Ids), len(message.Grants))
		}
		for i, id := range reply.Ids {
			all[from+i].id = id
		}
		if len(all)%(10*grantsPerTx) == 0 {
			l.o.tell("network: %s of %s grants, block %d", thousands(int64(len(all))), thousands(int64(total)), done.height)
		}
	}
	return all, nil
}
