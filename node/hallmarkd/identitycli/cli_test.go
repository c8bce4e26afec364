package identitycli

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

const (
	data = "../../../x/identity/testdata/devices"
	list = data + "/factory-manifest.csv"
	keys = data + "/keys"
	root = "84b5c19b09a32dfe5cb71b4aea966c6ee565bfaa0ea9d0a7b7649ef27bb20554"
)

// run runs an offline command.
func run(stdin string, args ...string) (stdout string, err error) {
	cmd := OfflineCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.Execute()
	return out.String(), err
}

func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := run(stdin, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A key made here signs a statement printed here, and the chain's rule takes it.
func TestKeygenStatementSign(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "p256"} {
		dir := t.TempDir()
		private, public := filepath.Join(dir, "device.pem"), filepath.Join(dir, "device.pub")
		var made struct {
			ID        string `json:"id"`
			Algorithm string `json:"algorithm"`
			PublicKey []byte `json:"public_key"`
			KeyDigest string `json:"key_digest"`
		}
		ok(t, json.Unmarshal([]byte(must(t, "", "keygen", "--algorithm", algorithm, "--out", private, "--public-out", public, "-o", "json")), &made))
		key, err := identity.ParsePublicKey(made.PublicKey)
		ok(t, err)
		if made.ID != identity.ID(key.Digest) || made.Algorithm != algorithm {
			t.Errorf("%s: %+v", algorithm, made)
		}
		if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", algorithm, info.Mode(), err)
		}
		if _, err := run("", "keygen", "--out", private); err == nil || !strings.HasPrefix(err.Error(), "out: ") {
			t.Errorf("a key is overwritten: %v", err)
		}

		args := []string{"statement", "enroll", "--public-key", public, "--member", "acme", "--chain-id", "hallmark-1"}
		printed := must(t, "", args...)
		statement := identity.EnrolStatement("hallmark-1", "acme", key.Digest)
		if printed != base64.StdEncoding.EncodeToString(statement)+"\n" {
			t.Errorf("%s: statement %s", algorithm, printed)
		}
		if raw := must(t, "", append(args, "--raw")...); raw != string(statement) {
			t.Errorf("%s: raw statement %x", algorithm, raw)
		}
		args[3] = private
		if of := must(t, "", args...); of != printed {
			t.Errorf("%s: the statement of the private key is another: %s", algorithm, of)
		}
		for _, signed := range []string{must(t, printed, "sign", "-", "--key", private), must(t, "", "sign", strings.TrimSpace(printed), "--key", private)} {
			signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signed))
			ok(t, err)
			ok(t, key.Verify(statement, signature))
		}
	}
}

func TestActivationStatement(t *testing.T) {
	serial := "GW100-2538-00001"
	printed := must(t, "", "statement", "activate", "--public-key", filepath.Join(keys, serial+".pem"),
		"--batch", "7", "--root", root, "--row", "1", "--owner", "plant", "--chain-id", "hallmark-1")
	factory, err := readFactoryList(list, []types.Range{{First: 1, Last: 1}}, &bytes.Buffer{})
	ok(t, err)
	want := identity.ActivationStatement("hallmark-1", 7, identity.Root(factory.leaves), 1, "plant", factory.kept[1].Key.Digest)
	if strings.TrimSpace(printed) != base64.StdEncoding.EncodeToString(want) {
		t.Errorf("%s", printed)
	}
}

func TestProofOfARow(t *testing.T) {
	var proof struct {
		ID, Root, Count, Row, Cid string
		KeyDigest                 string   `json:"key_digest"`
		RowDigest                 string   `json:"row_digest"`
		Proof                     []string `json:"proof"`
	}
	ok(t, json.Unmarshal([]byte(must(t, "", "proof", list, "--row", "20", "-o", "json")), &proof))
	if proof.ID != "did:hallmark:ciqb6nfwofbo4plvbohddakyx6remotx5rbvfqpovesccjdu2ywh2rq" || proof.Root != root || proof.Count != "1000" || proof.Row != "20" ||
		proof.Cid != "bafkreiekdhfwawgr2zfewbtdr2iom5akiw7rg5hhwb42b3golmnu376e4i" || len(proof.Proof) != 10 {
		t.Errorf("%+v", proof)
	}
	if text := must(t, "", "proof", list, "--row", "20"); !strings.Contains(text, "root: "+root+"\n") || strings.Count(text, "\n- ") != 10 {
		t.Errorf("%s", text)
	}
}

func TestOfflineCommandsRefuse(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	key := filepath.Join(keys, "GW100-2538-00001.pem")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"algorithm":           {[]string{"keygen", "--out", filepath.Join(dir, "x"), "--algorithm", "rsa"}, "algorithm"},
		"no out":              {[]string{"keygen"}, `required flag(s) "out"`},
		"no chain":            {[]string{"statement", "enroll", "--public-key", key, "--member", "acme"}, "chain-id"},
		"no such key":         {[]string{"statement", "enroll", "--public-key", "nowhere", "--member", "acme", "--chain-id", "c"}, "public-key: open nowhere"},
		"key is a list":       {[]string{"statement", "enroll", "--public-key", list, "--member", "acme", "--chain-id", "c"}, "public-key: "},
		"a certificate":       {[]string{"statement", "enroll", "--public-key", file("c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "--member", "acme", "--chain-id", "c"}, `PEM block "CERTIFICATE"`},
		"root, not hex":       {[]string{"statement", "activate", "--public-key", key, "--batch", "1", "--root", "zz", "--row", "1", "--owner", "o", "--chain-id", "c"}, "root"},
		"root, short":         {[]string{"statement", "activate", "--public-key", key, "--batch", "1", "--root", "00", "--row", "1", "--owner", "o", "--chain-id", "c"}, "root: 1 bytes"},
		"row 0":               {[]string{"statement", "activate", "--public-key", key, "--batch", "1", "--root", root, "--row", "0", "--owner", "o", "--chain-id", "c"}, "batch, row"},
		"statement, not b64":  {[]string{"sign", "%%", "--key", key}, "statement: not base64"},
		"statement, empty":    {[]string{"sign", "", "--key", key}, "statement: empty"},
		"key, not PEM":        {[]string{"sign", "AAAA", "--key", file("t", "hello")}, "not PEM"},
		"key, garbage":        {[]string{"sign", "AAAA", "--key", file("g", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, "key: "},
		"key, encrypted":      {[]string{"sign", "AAAA", "--key", file("e", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}, "passphrase"},
		"key, SEC 1":          {[]string{"sign", "AAAA", "--key", file("s", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")}, "want PKCS#8"},
		"row beyond":          {[]string{"proof", list, "--row", "1001"}, "row: 1001; the list has 1000 rows"},
		"row 0 of a list":     {[]string{"proof", list, "--row", "0"}, "row: 0"},
		"no such list":        {[]string{"proof", "nowhere.csv", "--row", "1"}, "list: open nowhere.csv"},
		"a list with no rows": {[]string{"proof", file("l.csv", identity.ListHeader+"\n"), "--row", "1"}, "no row"},
		"no list":             {[]string{"proof", "--row", "1"}, "accepts 1 arg"},
		"output":              {[]string{"proof", list, "--row", "1", "-o", "xml"}, "output"},
		"unknown command":     {[]string{"prove"}, "unknown command"},
	} {
		if _, err := run("", test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

func TestListsWithAKeyOrSerialTwiceAreRefused(t *testing.T) {
	text, err := os.ReadFile(list)
	ok(t, err)
	lines := strings.Split(string(text), "\n")
	fields := strings.Split(lines[2], ",")
	fields[5] = strings.Split(lines[4], ",")[5]
	fields[4] = strings.Split(lines[4], ",")[4]
	for name, test := range map[string]struct{ row, want string }{
		"key":    {strings.Join(fields, ","), "row 4: public_key: the same as of row 2"},
		"serial": {strings.Replace(lines[9], strings.Split(lines[9], ",")[0], strings.Split(lines[1], ",")[0], 1), "serial"},
	} {
		changed := append([]string{}, lines...)
		if name == "key" {
			changed[2] = test.row
		} else {
			changed[9] = test.row
		}
		path := filepath.Join(t.TempDir(), "list.csv")
		ok(t, os.WriteFile(path, []byte(strings.Join(changed, "\n")), 0o600))
		if _, err := readFactoryList(path, nil, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

func TestRows(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "1-20": 1, "1-5,9": 2, "7,8,10-12": 3, "1-1000": 1} {
		ranges, err := parseRows(text)
		if err != nil || len(ranges) != want {
			t.Errorf("%q: %v, %v", text, ranges, err)
		}
	}
	for _, text := range []string{"", "0", "0-3", "a", "3-1", "1-", "-1", "1-2-3", "1,1", "5,1", "1-3,2-4", "1-1001", "1-999,1001-1002", "1,", "4294967296", "99999999999999999999", " 1"} {
		if ranges, err := parseRows(text); err == nil || !strings.HasPrefix(err.Error(), "rows: ") {
			t.Errorf("%q: %v, %v", text, ranges, err)
		}
	}
}

// build makes rows that the chain's rules take, from keys and from signatures.
func TestActivationRows(t *testing.T) {
	ranges, err := parseRows("1-3,20")
	ok(t, err)
	factory, err := readFactoryList(list, ranges, &bytes.Buffer{})
	ok(t, err)
	rootHash := identity.Root(factory.leaves)
	batch := types.Batch{Id: 3, Count: 1000, Root: rootHash[:]}
	rows, err := activation{list: list, keys: keys}.build("hallmark-1", "plant", batch, ranges, factory)
	ok(t, err)
	var signed bytes.Buffer
	for i, number := range []uint64{1, 2, 3, 20} {
		row := rows[i]
		key, err := identity.ParsePublicKey(row.PublicKey)
		ok(t, err)
		path := make([]identity.Hash, len(row.Proof))
		for j := range path {
			path[j] = identity.Hash(row.Proof[j])
		}
		leaf := identity.LeafHash(identity.LeafData(key.Digest, identity.Hash(row.RowDigest)))
		ok(t, identity.VerifyPath(rootHash, number-1, 1000, leaf, path))
		ok(t, key.Verify(identity.ActivationStatement("hallmark-1", 3, rootHash, number, "plant", key.Digest), row.Signature))
		line, err := json.Marshal(map[string]any{"row": number, "signature": row.Signature})
		ok(t, err)
		signed.Write(append(line, '\n'))
	}
	path := filepath.Join(t.TempDir(), "signed.jsonl")
	ok(t, os.WriteFile(path, signed.Bytes(), 0o600))
	_, err = activation{list: list, signatures: path}.build("hallmark-1", "plant", batch, ranges, factory)
	ok(t, err)

	// Another owner was not signed; another list was not anchored.
	if _, err := (activation{list: list, signatures: path}).build("hallmark-1", "acme", batch, ranges, factory); err == nil || !strings.Contains(err.Error(), "row 1 (GW100-2538-00001)") {
		t.Errorf("another owner: %v", err)
	}
	batch.Root = make([]byte, 32)
	if _, err := (activation{list: list, keys: keys}).build("hallmark-1", "plant", batch, ranges, factory); err == nil || !strings.HasPrefix(err.Error(), "list: ") {
		t.Errorf("another list: %v", err)
	}
}

func TestActivationNamesTheKeyThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	ranges := []types.Range{{First: 1, Last: 2}}
	factory, err := readFactoryList(list, ranges, &bytes.Buffer{})
	ok(t, err)
	rootHash := identity.Root(factory.leaves)
	batch := types.Batch{Id: 3, Count: 1000, Root: rootHash[:]}
	first, err := os.ReadFile(filepath.Join(keys, "GW100-2538-00001.pem"))
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(dir, "GW100-2538-00001.pem"), first, 0o600))
	build := func() error {
		_, err := activation{list: list, keys: dir}.build("hallmark-1", "plant", batch, ranges, factory)
		return err
	}
	if err := build(); err == nil || !strings.Contains(err.Error(), "SEN20-2538-00001.pem: no such file") {
		t.Errorf("missing: %v", err)
	}
	ok(t, os.WriteFile(filepath.Join(dir, "SEN20-2538-00001.pem"), first, 0o600))
	if err := build(); err == nil || !strings.Contains(err.Error(), "is not the key that the list has") {
		t.Errorf("another's: %v", err)
	}
}

func TestSignatureFilesAreReadStrictly(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"good":        {"{\"row\":1,\"signature\":\"AAAA\"}\n\n{\"row\":2,\"signature\":\"\"}\n", ""},
		"row twice":   {"{\"row\":1}\n{\"row\":1}\n", "line 2: row: 1"},
		"row 0":       {"{\"signature\":\"AAAA\"}\n", "line 1: row: 0"},
		"not JSON":    {"row 1\n", "line 1"},
		"two objects": {"{\"row\":1}{\"row\":2}\n", "line 1: more than one"},
		"other field": {"{\"row\":1,\"sig\":\"AAAA\"}\n", `unknown field "sig"`},
		"not base64":  {"{\"row\":1,\"signature\":\"%%\"}\n", "line 1"},
		"long line":   {"{\"row\":1,\"signature\":\"" + strings.Repeat("A", 1<<17) + "\"}\n", "too long"},
	} {
		path := filepath.Join(t.TempDir(), "signed.jsonl")
		ok(t, os.WriteFile(path, []byte(test.text), 0o600))
		_, err := readSignatures(path)
		if test.want == "" {
			ok(t, err)
		} else if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

func TestEnrolmentProof(t *testing.T) {
	private := filepath.Join(keys, "SEN20-2538-00001.pem")
	der, signature, err := enrolment{key: private}.proof("hallmark-1", "acme")
	ok(t, err)
	public := filepath.Join(t.TempDir(), "device.pub")
	ok(t, os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	elsewhere := enrolment{publicKey: public, signature: base64.StdEncoding.EncodeToString(signature)}
	again, _, err := elsewhere.proof("hallmark-1", "acme")
	ok(t, err)
	if !bytes.Equal(again, der) {
		t.Error("another key")
	}
	if _, _, err := elsewhere.proof("hallmark-1", "plant"); err == nil || !strings.HasPrefix(err.Error(), `signature: enrolment on chain "hallmark-1" by member "plant"`) {
		t.Errorf("another member: %v", err)
	}
	if _, err := x509.ParsePKIXPublicKey(der); err != nil {
		t.Error(err)
	}
}

// A flag that is missing is a mistake in the call, told before anything is read
// or asked; main gives it exit code 2 by its first words.
func TestMissingFlagsAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no key":       {[]string{"enroll", "--model", "M", "--serial", "S"}, `required flag(s) "key" or "public-key" not set`},
		"no signature": {[]string{"enroll", "--model", "M", "--serial", "S", "--public-key", "k"}, `required flag(s) "signature" not set`},
		"no model":     {[]string{"enroll", "--key", "k", "--serial", "S"}, `required flag(s) "model" not set`},
		"no keys":      {[]string{"activate", "1", "--list", "l", "--rows", "1"}, `required flag(s) "keys" or "signatures" not set`},
		"no rows":      {[]string{"revoke-rows", "1"}, `required flag(s) "rows" not set`},
		"malformed id": {[]string{"revoke", "did:hallmark:x"}, "device: "},
		"batch":        {[]string{"revoke-rows", "one", "--rows", "1"}, "batch: "},
		"rows":         {[]string{"revoke-rows", "1", "--rows", "5-1"}, "rows: "},
		"reason":       {[]string{"revoke-rows", "1", "--rows", "1", "--reason", "a\nb"}, "reason: "},
		"bad model":    {[]string{"enroll-batch", list, "--model", "a b"}, "model: "},
		"no list":      {[]string{"enroll-batch", "nowhere.csv", "--model", "M"}, "list: open nowhere.csv"},
		"rows beyond":  {[]string{"activate", "1", "--list", list, "--rows", "999-1001", "--keys", keys}, "rows: 1001; the list has 1000 rows"},
	} {
		cmd := TxCommand()
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		cmd.SetArgs(test.args)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		if err := cmd.Execute(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

// Every command says what it does, how, and with an example.
func TestCommandsExplainThemselves(t *testing.T) {
	for group, want := range map[string][]string{
		"tx":      {"activate", "commission", "enroll", "enroll-batch", "resume", "retire", "revoke", "revoke-rows", "suspend"},
		"query":   {"batch", "batches", "device", "devices"},
		"offline": {"keygen", "proof", "sign", "statement"},
	} {
		cmd := TxCommand()
		switch group {
		case "query":
			cmd = QueryCommand()
		case "offline":
			cmd = OfflineCommand()
		}
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
			if c.HasSubCommands() {
				continue
			}
			if c.Short == "" || c.Long == "" || c.Example == "" || c.Args == nil {
				t.Errorf("%s %s: lacks a text or a check of its arguments", group, c.Name())
			}
		}
		if strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v; want %v", group, names, want)
		}
	}
}
