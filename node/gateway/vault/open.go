package vault

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/hallmark-ledger/hallmark/x/access"
)

var (
	// ErrHeld means that another process has the vault open.
	ErrHeld = errors.New("vault is held by another process")
	// ErrChain means that the vault is of another chain.
	ErrChain = errors.New("vault is of another chain")

	errCorrupt = errors.New("corrupt")
)

// Open opens the vault in a file and rebuilds what it holds. What is corrupt is
// dropped and named in the log; a file that cannot be read at all is set aside
// under the suffix ".corrupt". The View is unverified.
func Open(path string, o Options) (*Vault, error) {
	if o.ChainID == "" {
		return nil, errors.New("vault: no chain id")
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	v := &Vault{
		path: path, chainID: o.ChainID, segments: slices.Clone(o.Segments), log: log,
		feeds: map[string]*held{}, updated: make(chan struct{}),
	}
	v.view.Store(nothing())
	err := v.open(o.ReadOnly)
	if errors.Is(err, errCorrupt) && !o.ReadOnly {
		aside := path + ".corrupt"
		log.Error("vault cannot be read: begun anew", "path", path, "aside", aside, "err", err)
		if err := os.Rename(path, aside); err != nil {
			return nil, fmt.Errorf("vault: %w", err)
		}
		if err := os.Remove(path + badSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("vault: %w", err)
		}
		v.broken.Store(false)
		v.feeds, v.trail, v.floor, v.attack = map[string]*held{}, nil, time.Time{}, ""
		v.view.Store(nothing())
		err = v.open(false)
	}
	if err != nil {
		return nil, fmt.Errorf("vault %s: %w", path, err)
	}
	return v, nil
}

func (v *Vault) open(readOnly bool) (err error) {
	// A bit flipped in a page makes bbolt panic, a file cut short makes the
	// memory map fault: both mean corrupt.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, r)
		}
		if err != nil && v.db != nil {
			if !v.broken.Load() {
				_ = v.db.Close()
			}
			v.db = nil
		}
	}()
	if !readOnly {
		if err := os.MkdirAll(filepath.Dir(v.path), 0o700); err != nil {
			return err
		}
	}
	if info, err := os.Stat(v.path); readOnly && err != nil {
		return err
	} else if err == nil && info.Size() == 0 && !readOnly {
		// Killed between creating the file and writing its first page.
		if err := os.Remove(v.path); err != nil {
			return err
		}
	}
	if _, err := os.Stat(v.path + badSuffix); err == nil {
		return fmt.Errorf("%w: found in use by an earlier process", errCorrupt)
	}
	v.db, err = bolt.Open(v.path, 0o600, &bolt.Options{
		Timeout: time.Second, ReadOnly: readOnly,
		// The list of free pages stays synced: bbolt rebuilds it, where it is not,
		// in a goroutine of its own, whose panic on a flipped bit nobody can
		// recover from. A corrupt list can at worst put new pages over live ones,
		// and the digests find that.
		FreelistType: bolt.FreelistMapType,
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return ErrHeld
	case isFileError(err):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if !readOnly {
		if err := v.prepare(); err != nil {
			return err
		}
	}
	return v.load()
}

// isFileError tells an error of the file system from one of the content.
func isFileError(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// load rebuilds everything in memory.
func (v *Vault) load() error {
	info, err := os.Stat(v.path)
	if err != nil {
		return err
	}
	return v.db.View(func(tx *bolt.Tx) error {
		if tx.Size() > info.Size() {
			return fmt.Errorf("%w: file has %d bytes of %d", errCorrupt, info.Size(), tx.Size())
		}
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return fmt.Errorf("%w: no meta", errCorrupt)
		}
		chain, err := unseal(meta.Get(keyChain))
		if err != nil {
			return fmt.Errorf("%w: chain id: %w", errCorrupt, err)
		}
		if string(chain) != v.chainID {
			return fmt.Errorf("%w: %q; want %q", ErrChain, chain, v.chainID)
		}
		if v.floor, err = getFloor(meta); err != nil {
			return fmt.Errorf("%w: floor: %w", errCorrupt, err)
		}
		if v.trail, err = getTrail(tx, v.chainID); err != nil {
			// Trust itself is lost; what hangs on it goes too.
			return fmt.Errorf("%w: trail: %w", errCorrupt, err)
		}
		for _, name := range v.Feeds() {
			h, err := loadFeed(tx, name)
			if err != nil {
				v.log.Error("feed in the vault is corrupt: it will be fetched from zero", "feed", name, "err", err)
				continue
			}
			if h != nil {
				v.feeds[name] = h
			}
		}
		v.loadView(tx)
		if raw := meta.Get(keyAttack); raw != nil {
			// Even unreadable, it says that there was one.
			v.attack = "attack seen earlier"
			if text, err := attackText(raw); err == nil {
				v.attack = text
			}
			v.view.Store(v.view.Load().with(access.StateAttack, v.attack))
		}
		return nil
	})
}

// loadView rebuilds the View if every feed of it is whole.
func (v *Vault) loadView(tx *bolt.Tx) {
	height, at, hash, err := getView(tx)
	if err != nil {
		v.log.Error("view in the vault is corrupt", "err", err)
		return
	}
	if height == 0 {
		return
	}
	for name, h := range v.feeds {
		if h.head.Height > height {
			v.log.Error("feed in the vault is above its view", "feed", name, "height", h.head.Height, "view", height)
			return
		}
	}
	view, err := build(v.segments, v.feeds, height, at, hash)
	if err != nil {
		v.log.Warn("view in the vault is not whole", "height", height, "err", err)
		return
	}
	v.view.Store(view)
}

// loadFeed rebuilds one feed and compares it with the head it was stored with.
// nil without error: there is none.
func loadFeed(tx *bolt.Tx, name string) (h *held, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			h, err = nil, fmt.Errorf("%w: %v", errCorrupt, r)
		}
	}()
	raw := tx.Bucket(bucketHeads).Get([]byte(name))
	if raw == nil {
		return nil, nil
	}
	h = new(held)
	if h.generation, err = getHead(raw, &h.head); err != nil {
		return nil, err
	}
	records := tx.Bucket(bucketRecords).Bucket(generationKey(name, h.generation))
	if records == nil {
		return nil, fmt.Errorf("%w: no records of generation %d", errCorrupt, h.generation)
	}
	builder := access.NewBuilder(name)
	cursor := records.Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		if err := builder.Add(key, value); err != nil {
			return nil, err
		}
	}
	h.set = builder.Set()
	if err := h.set.Check(&h.head); err != nil {
		return nil, err
	}
	return h, nil
}

// seal precedes bytes with their SHA-256, so that a flipped bit is seen.
func seal(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(sum[:], b...)
}

func unseal(b []byte) ([]byte, error) {
	if len(b) < sha256.Size {
		return nil, fmt.Errorf("%w: %d bytes", errCorrupt, len(b))
	}
	sum := sha256.Sum256(b[sha256.Size:])
	if !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil, fmt.Errorf("%w: checksum", errCorrupt)
	}
	return b[sha256.Size:], nil
}
