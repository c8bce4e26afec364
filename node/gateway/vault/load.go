package vault

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// batch is how many bytes of records are held before they are written.
const batch = 2 << 20

// Loader takes all records of a feed, keys ascending, and stages them on disk
// under a new generation.
type Loader struct {
	update  *Update
	pending *pending
	builder *feed.Builder
	records []feed.Record
	bytes   int
	key     []byte
}

// Load begins a feed from zero.
func (u *Update) Load(name string) (*Loader, error) {
	if err := u.Reset(name); err != nil {
		return nil, err
	}
	p, err := u.find(name)
	if err != nil {
		return nil, err
	}
	p.set = nil
	next := new(held)
	if err := u.vault.write(func(tx *bolt.Tx) error {
		parent := tx.Bucket(bucketRecords)
		generation, err := parent.NextSequence()
		if err != nil {
			return err
		}
		next.generation = generation
		_, err = parent.CreateBucket(generationKey(name, generation))
		return err
	}); err != nil {
		return nil, err
	}
	p.loaded = next
	return &Loader{
		update: u, pending: p, builder: access.NewBuilder(name),
		key: generationKey(name, next.generation),
	}, nil
}

// Add takes the next record. Its slices are kept until the next write and must
// not be changed. Keys that do not ascend, and more than the head says, are
// errors of the sender.
func (l *Loader) Add(key, value []byte) error {
	p := l.pending
	p.records++
	p.bytes += uint64(len(key) + len(value))
	if err := p.bounded(); err != nil {
		return err
	}
	if err := l.builder.Add(key, value); err != nil {
		return err
	}
	l.records = append(l.records, feed.Record{Key: key, Value: value})
	l.bytes += len(key) + len(value)
	if l.bytes >= batch {
		return l.flush()
	}
	return nil
}

// Done ends the load. The set is compared with its head by [Update.Check].
func (l *Loader) Done() error {
	if err := l.flush(); err != nil {
		return err
	}
	l.pending.set = l.builder.Set()
	return nil
}

// ErrDisk means that the vault could not be written: no source is to blame.
var ErrDisk = errors.New("vault cannot be written")

func (l *Loader) flush() error {
	if len(l.records) == 0 {
		return nil
	}
	err := l.update.vault.write(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(bucketRecords).Bucket(l.key)
		if bucket == nil {
			return fmt.Errorf("%w: staged records are gone", errCorrupt)
		}
		bucket.FillPercent = 0.95 // keys ascend
		for _, r := range l.records {
			if err := bucket.Put(r.Key, r.Value); err != nil {
				return err
			}
		}
		return nil
	})
	l.records, l.bytes = l.records[:0], 0
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	return nil
}

// drop removes what was staged of a feed.
func (u *Update) drop(p *pending) error {
	key := generationKey(p.head.Name, p.loaded.generation)
	p.loaded = nil
	return u.vault.write(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketRecords).DeleteBucket(key)
	})
}
