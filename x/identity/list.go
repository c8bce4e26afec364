package identity

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// ListHeader is how the header of a factory list begins; further columns, a
// random salt for instance, may follow.
const ListHeader = "serial,model,hardware_revision,mac,key_algorithm,public_key"

// MaxLine is the length of the longest line of a factory list, in bytes.
const MaxLine = 4096

// ListRow is one row of a factory list.
type ListRow struct {
	// Number of the row, from 1; the header is no row.
	Number uint64
	Serial string
	Model  string
	// DER is the public key as the row carries it, and Key the same, parsed.
	DER []byte
	Key PublicKey
	// Digest is SHA-256 of the row's bytes without its line end.
	Digest Hash
}

// Leaf is the hash of the row's leaf.
func (r ListRow) Leaf() Hash { return LeafHash(LeafData(r.Key.Digest, r.Digest)) }

// ReadList reads a factory list row by row and stops at the first error, of the
// list or of each. A line ends with LF or CRLF; the last may end with neither.
// No row is empty, none is longer than [MaxLine], and no field holds a line
// break, so that a row's bytes are the same to every reader.
func ReadList(list io.Reader, each func(ListRow) error) error {
	lines := bufio.NewReaderSize(list, MaxLine+2)
	header, err := readLine(lines)
	if err == io.EOF {
		return wrap(ErrInvalid, "list: empty")
	}
	if err != nil {
		return wrap(err, "list: header")
	}
	if h := string(header); h != ListHeader && !strings.HasPrefix(h, ListHeader+",") {
		return wrap(ErrInvalid, "list: header %s; want %q", excerpt(h), ListHeader)
	}
	columns := bytes.Count(header, []byte(",")) + 1
	for number := uint64(1); ; number++ {
		line, err := readLine(lines)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return wrap(err, "list: row %d", number)
		}
		if number > MaxRows {
			return wrap(ErrInvalid, "list: more than %d rows", uint64(MaxRows))
		}
		row, err := parseRow(line, columns)
		if err != nil {
			return wrap(err, "list: row %d", number)
		}
		row.Number = number
		if err := each(row); err != nil {
			return err
		}
	}
}

// readLine returns the next line without its end; the bytes are the reader's.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, wrap(ErrInvalid, "line longer than %d bytes", MaxLine)
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, err
	}
	if whole, ended := bytes.CutSuffix(line, []byte("\n")); ended {
		line = bytes.TrimSuffix(whole, []byte("\r"))
	}
	if len(line) > MaxLine {
		return nil, wrap(ErrInvalid, "line longer than %d bytes", MaxLine)
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		return nil, wrap(ErrInvalid, "carriage return inside a line")
	}
	return line, nil
}

func parseRow(line []byte, columns int) (ListRow, error) {
	if len(line) == 0 {
		return ListRow{}, wrap(ErrInvalid, "empty line")
	}
	text := string(line)
	fields := strings.Split(text, ",")
	if strings.Contains(text, `"`) {
		record, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil {
			return ListRow{}, wrap(ErrInvalid, "%v", err)
		}
		fields = record
	}
	if len(fields) != columns {
		return ListRow{}, wrap(ErrInvalid, "%d columns; the header has %d", len(fields), columns)
	}
	row := ListRow{Serial: fields[0], Model: fields[1], Digest: sha256.Sum256(line)}
	if err := ValidateSerial(row.Serial); err != nil {
		return ListRow{}, err
	}
	if err := ValidateModel(row.Model); err != nil {
		return ListRow{}, err
	}
	algorithm, err := ParseAlgorithm(fields[4])
	if err != nil {
		return ListRow{}, wrap(err, "key_algorithm")
	}
	row.DER, err = base64.StdEncoding.Strict().DecodeString(fields[5])
	if err != nil {
		return ListRow{}, wrap(ErrInvalid, "public_key: not base64: %v", err)
	}
	row.Key, err = ParsePublicKey(row.DER)
	if err != nil {
		return ListRow{}, wrap(err, "public_key")
	}
	if row.Key.Algorithm != algorithm {
		return ListRow{}, wrap(ErrInvalid, "key_algorithm: %s, but the public key is %s", algorithm.Word(), row.Key.Algorithm.Word())
	}
	return row, nil
}
