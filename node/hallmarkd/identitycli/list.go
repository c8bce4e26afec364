package identitycli

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// block is the size up to which a file is one block of a content id.
const block = 256 << 10

// factoryList is what commands need of a factory list. Of a million rows it
// keeps their hashes and the rows asked for, not the text.
type factoryList struct {
	leaves []identity.Hash
	kept   map[uint64]identity.ListRow
	models map[string]uint64
	cid    string // empty when the list is larger than a block
}

// readFactoryList reads a list, keeps the rows of the ranges, and refuses a
// serial or key that stands twice. Progress goes to a person, once every
// 100,000 rows.
func readFactoryList(path string, keep []types.Range, progress io.Writer) (*factoryList, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	defer f.Close()

	list := &factoryList{kept: make(map[uint64]identity.ListRow), models: make(map[string]uint64)}
	whole := sha256.New()
	size := &counter{}
	keys := make(map[identity.KeyDigest]uint64)
	serials := make(map[[16]byte]uint64)
	err = identity.ReadList(io.TeeReader(f, io.MultiWriter(whole, size)), func(row identity.ListRow) error {
		if other, ok := keys[row.Key.Digest]; ok {
			return fmt.Errorf("list: row %d: public_key: the same as of row %d", row.Number, other)
		}
		keys[row.Key.Digest] = row.Number
		digest := sha256.Sum256([]byte(row.Serial))
		short := [16]byte(digest[:16]) // half is enough to tell serials apart
		if other, ok := serials[short]; ok {
			return fmt.Errorf("list: row %d: serial: %q is that of row %d too", row.Number, row.Serial, other)
		}
		serials[short] = row.Number
		list.leaves = append(list.leaves, row.Leaf())
		list.models[row.Model]++
		if among(keep, row.Number) {
			list.kept[row.Number] = row
		}
		if row.Number%100_000 == 0 {
			fmt.Fprintf(progress, "read %d rows of %s\n", row.Number, path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list.leaves) == 0 {
		return nil, fmt.Errorf("list: %s has a header and no row", path)
	}
	if size.n <= block {
		list.cid = identity.RawCID(identity.Hash(whole.Sum(nil)))
	}
	return list, nil
}

// counter counts the bytes written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
