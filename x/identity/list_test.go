package identity

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

const manifestFile = "testdata/devices/factory-manifest.csv"

var readManifest = sync.OnceValues(func() ([]ListRow, error) {
	f, err := os.Open(manifestFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []ListRow
	err = ReadList(f, func(row ListRow) error {
		rows = append(rows, row)
		return nil
	})
	return rows, err
})

// manifest is the factory list of the tests.
func manifest(t testing.TB) []ListRow {
	t.Helper()
	rows, err := readManifest()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestReadListReadsTheFactoryList(t *testing.T) {
	rows := manifest(t)
	if len(rows) != 1000 {
		t.Fatalf("%d rows", len(rows))
	}
	counts := map[string]int{}
	for i, row := range rows {
		if row.Number != uint64(i+1) {
			t.Fatalf("row %d is numbered %d", i+1, row.Number)
		}
		counts[row.Model+" "+row.Key.Algorithm.Word()]++
	}
	want := map[string]int{"SEN-20 p256": 257, "SEN-20 ed25519": 348, "GW-100 ed25519": 164, "CAM-7 p256": 231}
	for key, n := range want {
		if counts[key] != n {
			t.Errorf("%s: %d rows; want %d", key, counts[key], n)
		}
	}
}

// The bytes of a row are its line without LF or CRLF, whatever the reader.
func TestLineEndsAreNotPartOfARow(t *testing.T) {
	row := manifestLine(t, 1)
	var digests []Hash
	for _, text := range []string{
		ListHeader + "\n" + row + "\n",
		ListHeader + "\n" + row,
		ListHeader + "\r\n" + row + "\r\n",
	} {
		if err := ReadList(strings.NewReader(text), func(r ListRow) error {
			digests = append(digests, r.Digest)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(digests) != 3 || digests[0] != digests[1] || digests[1] != digests[2] || digests[0] != manifest(t)[0].Digest {
		t.Fatalf("%x", digests)
	}
}

func TestFurtherColumnsAreAllowed(t *testing.T) {
	text := ListHeader + ",salt\n" + manifestLine(t, 1) + ",3f9c\n" + `"GW ""1""",` + strings.SplitN(manifestLine(t, 2), ",", 2)[1] + ",\n"
	var serials []string
	if err := ReadList(strings.NewReader(text), func(r ListRow) error {
		serials = append(serials, r.Serial)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(serials) != 2 || serials[1] != `GW "1"` {
		t.Fatalf("%q", serials)
	}
}

func TestReadListRefuses(t *testing.T) {
	good := manifestLine(t, 1)
	edit := func(column int, value string) string {
		fields := strings.Split(good, ",")
		fields[column] = value
		return strings.Join(fields, ",")
	}
	for name, test := range map[string]struct {
		text string
		want string
	}{
		"nothing":            {"", "list: empty"},
		"another header":     {"serial,key\n", "header"},
		"header cut":         {ListHeader[:20] + "\n", "header"},
		"header with a tail": {ListHeader + "s\n", "header"},
		"byte order mark":    {"\ufeff" + ListHeader + "\n", "header"},
		"empty line":         {ListHeader + "\n" + good + "\n\n", "row 2: empty line"},
		"missing column":     {ListHeader + "\n" + strings.TrimSuffix(good, ","+strings.Split(good, ",")[5]) + "\n", "row 1: 5 columns"},
		"column too many":    {ListHeader + "\n" + good + ",x\n", "row 1: 7 columns"},
		"open quote":         {ListHeader + "\n" + `"` + good + "\n", "row 1"},
		"inner CR":           {ListHeader + "\n" + edit(0, "a\rb") + "\n", "carriage return"},
		"long line":          {ListHeader + "\n" + strings.Repeat("x", MaxLine+1) + "\n", "longer than"},
		"very long line":     {ListHeader + "\n" + strings.Repeat("x", 10*MaxLine) + "\n", "longer than"},
		"serial with slash":  {ListHeader + "\n" + edit(0, "../../etc/passwd") + "\n", "row 1: serial"},
		"no serial":          {ListHeader + "\n" + edit(0, "") + "\n", "row 1: serial"},
		"bad model":          {ListHeader + "\n" + edit(1, "a b") + "\n", "row 1: model"},
		"algorithm":          {ListHeader + "\n" + edit(4, "rsa") + "\n", "key_algorithm"},
		"other algorithm":    {ListHeader + "\n" + edit(4, "p256") + "\n", "key_algorithm: p256, but the public key is ed25519"},
		"not base64":         {ListHeader + "\n" + edit(5, "%%%") + "\n", "public_key: not base64"},
		"not a key":          {ListHeader + "\n" + edit(5, "AAAA") + "\n", "public_key: "},
	} {
		err := ReadList(strings.NewReader(test.text), func(ListRow) error { return nil })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
		if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v is of no registered kind", name, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	data, err := os.ReadFile(manifestFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:600])
	f.Add([]byte(ListHeader + ",salt\r\n\"a\",b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		count := uint64(0)
		_ = ReadList(bytes.NewReader(text), func(row ListRow) error {
			count++
			if row.Number != count {
				t.Fatalf("row %d is numbered %d", count, row.Number)
			}
			if err := ValidateSerial(row.Serial); err != nil {
				t.Fatal(err)
			}
			return nil
		})
	})
}

// manifestLine is a row of the factory list as it stands there.
func manifestLine(t *testing.T, number int) string {
	t.Helper()
	data, err := os.ReadFile(manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(data), "\n")[number]
}
