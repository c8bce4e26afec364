package vault

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	bolt "go.etcd.io/bbolt"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// The file: a bucket of each. Everything but records is sealed; records are
// covered by the digest of their head.
//
//	meta     chain, floor, view (height, time, hash of the header), attack
//	trail    height (uint64be) -> light block
//	heads    feed name -> generation (uint64be) || head
//	records  feed name || '@' || generation (uint64be) -> key -> value
//
// A feed that is fetched from zero is written under a new generation, in small
// transactions; the head that names it makes it count.
var (
	bucketMeta    = []byte("meta")
	bucketTrail   = []byte("trail")
	bucketHeads   = []byte("heads")
	bucketRecords = []byte("records")

	keyChain  = []byte("chain")
	keyFloor  = []byte("floor")
	keyView   = []byte("view")
	keyAttack = []byte("attack")
)

// prepare makes the buckets, and drops generations that no head names.
func (v *Vault) prepare() error {
	return v.write(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketTrail, bucketHeads, bucketRecords} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if meta.Get(keyChain) == nil {
			if err := meta.Put(keyChain, seal([]byte(v.chainID))); err != nil {
				return err
			}
		}
		return v.sweep(tx)
	})
}

// sweep drops what is not followed any more, and what a crash left.
func (v *Vault) sweep(tx *bolt.Tx) error {
	heads, records := tx.Bucket(bucketHeads), tx.Bucket(bucketRecords)
	live := map[string]bool{}
	var drop [][]byte
	for _, name := range v.Feeds() {
		if raw := heads.Get([]byte(name)); raw != nil {
			var head feed.Head
			if generation, err := getHead(raw, &head); err == nil {
				live[string(generationKey(name, generation))] = true
			}
		}
	}
	if err := records.ForEachBucket(func(k []byte) error {
		if !live[string(k)] {
			drop = append(drop, bytes.Clone(k))
		}
		return nil
	}); err != nil {
		return err
	}
	for _, k := range drop {
		if err := records.DeleteBucket(k); err != nil {
			return err
		}
	}
	return nil
}

func generationKey(name string, generation uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(name), '@'), generation)
}

// write runs one transaction: all of it is on the disk, or nothing. A corrupt
// page that is met in it ends all writing: the Views in memory go on and grow
// old, and the next process sets the file aside.
func (v *Vault) write(f func(tx *bolt.Tx) error) (err error) {
	if v.broken.Load() {
		return fmt.Errorf("%w: restart to set the file aside", errCorrupt)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			// What the library holds locked after a panic is not known: it is
			// not called again.
			v.broken.Store(true)
			err = fmt.Errorf("%w: %v", errCorrupt, r)
			if mark := os.WriteFile(v.path+badSuffix, nil, 0o600); mark != nil {
				err = fmt.Errorf("%w; and this cannot be noted: %w", err, mark)
			}
		}
	}()
	return v.db.Update(f)
}

// badSuffix names the note beside a vault that was found corrupt in use.
const badSuffix = ".bad"

func heightKey(height int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(height))
}

// putTrail writes what of the trail is new and drops what is no longer in it.
func putTrail(tx *bolt.Tx, old, next []*types.LightBlock, floor time.Time) error {
	bucket := tx.Bucket(bucketTrail)
	keep := map[int64]bool{}
	for _, b := range next {
		keep[b.Height] = true
	}
	had := map[int64]bool{}
	for _, b := range old {
		had[b.Height] = true
		if !keep[b.Height] {
			if err := bucket.Delete(heightKey(b.Height)); err != nil {
				return err
			}
		}
	}
	for _, b := range next {
		if had[b.Height] {
			continue
		}
		raw, err := encodeBlock(b)
		if err != nil {
			return err
		}
		if err := bucket.Put(heightKey(b.Height), seal(raw)); err != nil {
			return err
		}
	}
	text, err := floor.UTC().MarshalText()
	if err != nil {
		return err
	}
	return tx.Bucket(bucketMeta).Put(keyFloor, seal(text))
}

func encodeBlock(b *types.LightBlock) ([]byte, error) {
	pb, err := b.ToProto()
	if err != nil {
		return nil, err
	}
	return pb.Marshal()
}

func decodeBlock(raw []byte) (*types.LightBlock, error) {
	var pb cmtproto.LightBlock
	if err := pb.Unmarshal(raw); err != nil {
		return nil, err
	}
	return types.LightBlockFromProto(&pb)
}

func getTrail(tx *bolt.Tx, chainID string) ([]*types.LightBlock, error) {
	var trail []*types.LightBlock
	err := tx.Bucket(bucketTrail).ForEach(func(k, raw []byte) error {
		body, err := unseal(raw)
		if err != nil {
			return err
		}
		block, err := decodeBlock(body)
		if err != nil {
			return err
		}
		if err := block.ValidateBasic(chainID); err != nil {
			return err
		}
		if !bytes.Equal(k, heightKey(block.Height)) {
			return fmt.Errorf("%w: header %d at key %x", errCorrupt, block.Height, k)
		}
		if n := len(trail); n > 0 && !block.Time.After(trail[n-1].Time) {
			return fmt.Errorf("%w: header %d: time %w", errCorrupt, block.Height, ErrBack)
		}
		trail = append(trail, block)
		return nil
	})
	return trail, err
}

func getFloor(meta *bolt.Bucket) (floor time.Time, err error) {
	raw := meta.Get(keyFloor)
	if raw == nil {
		return floor, nil
	}
	text, err := unseal(raw)
	if err != nil {
		return floor, err
	}
	return floor, floor.UnmarshalText(text)
}

func putHead(tx *bolt.Tx, h *held) error {
	raw, err := h.head.Marshal()
	if err != nil {
		return err
	}
	body := append(binary.BigEndian.AppendUint64(nil, h.generation), raw...)
	return tx.Bucket(bucketHeads).Put([]byte(h.head.Name), seal(body))
}

func getHead(raw []byte, head *feed.Head) (generation uint64, err error) {
	body, err := unseal(raw)
	if err != nil {
		return 0, err
	}
	if len(body) < 8 {
		return 0, errCorrupt
	}
	return binary.BigEndian.Uint64(body), head.Unmarshal(body[8:])
}

func putView(tx *bolt.Tx, view *View) error {
	at, err := view.Time.UTC().MarshalBinary()
	if err != nil {
		return err
	}
	body := heightKey(view.Height)
	body = append(body, byte(len(at)))
	body = append(body, at...)
	return tx.Bucket(bucketMeta).Put(keyView, seal(append(body, view.Header...)))
}

func getView(tx *bolt.Tx) (height int64, at time.Time, hash []byte, err error) {
	if raw := tx.Bucket(bucketMeta).Get(keyView); raw != nil {
		return decodeView(raw)
	}
	return 0, at, nil, nil
}

func decodeView(raw []byte) (height int64, at time.Time, hash []byte, err error) {
	body, err := unseal(raw)
	if err != nil {
		return 0, at, nil, err
	}
	if len(body) < 9 || len(body) < 9+int(body[8]) {
		return 0, at, nil, errCorrupt
	}
	end := 9 + int(body[8])
	err = at.UnmarshalBinary(body[9:end])
	return int64(binary.BigEndian.Uint64(body)), at, bytes.Clone(body[end:]), err
}

// attackRecord is what stays of an attack, for people.
type attackRecord struct {
	Text             string
	Height           int64
	Primary, Witness string
	Block, Other     []byte // light blocks, protobuf
}

func putAttack(tx *bolt.Tx, a *header.Attack) error {
	record := attackRecord{Text: a.Error(), Height: a.Height, Primary: a.Primary, Witness: a.Witness}
	// Best effort: that there was an attack matters more than its papers.
	record.Block, _ = encodeBlock(a.Block)
	record.Other, _ = encodeBlock(a.Other)
	body, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketMeta).Put(keyAttack, seal(body))
}

func attackText(raw []byte) (string, error) {
	body, err := unseal(raw)
	if err != nil {
		return "", err
	}
	var record attackRecord
	err = json.Unmarshal(body, &record)
	return record.Text, err
}
