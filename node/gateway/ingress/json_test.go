package ingress

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// read reads a whole body with skip.
func read(body string) error {
	r := &reader{data: []byte(body)}
	if err := r.skip(); err != nil {
		return err
	}
	return r.end()
}

func TestTheReaderIsStrict(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{`{}`, ""},
		{` { "a" : [ 1 , -2.5e+3 , true , false , null , "x\n\u00e9\ud83d\ude00" , { } , [ ] ] } `, ""},
		{`0`, ""}, {`-0`, ""}, {`1E5`, ""}, {`"\/\b\f\n\r\t\"\\"`, ""},
		{``, "want a value at byte 0, not the end of the body"},
		{`{"a":1,"a":2}`, `"a" stands twice`},
		{`{"a":1,"\u0061":2}`, `"a" stands twice`},
		{`{"x":{"y":[0,{"a":1,"a":2}]}}`, `x.y[1]: "a" stands twice`},
		{`{"a":1}x`, "something follows"},
		{`{"a":1}{}`, "something follows"},
		{"{\"a\":1}\x00", "something follows"},
		{`{"a":1,}`, "want a member's name"},
		{`{"a":[1,]}`, "want a value"},
		{`{"a" 1}`, `want ':'`},
		{`{"a":1 "b":2}`, "want ',' or '}'"},
		{`[1 2]`, "want ',' or ']'"},
		{`{a:1}`, "want a member's name"},
		{`{'a':1}`, "want a member's name"},
		{`{"a":01}`, "want ',' or '}'"},
		{`{"a":+1}`, "what is no JSON"},
		{`{"a":.5}`, "what is no JSON"},
		{`{"a":1.}`, "a broken number"},
		{`{"a":1e}`, "a broken number"},
		{`{"a":-}`, "a broken number"},
		{`{"a":NaN}`, "what is no JSON"},
		{`{"a":Infinity}`, "what is no JSON"},
		{`{"a":tru}`, "what is no JSON"},
		{`{"a":nul`, "what is no JSON"},
		{`{"a":"`, "a string does not end"},
		{`{"a":"\`, "a broken escape"},
		{`{"a":"\x41"}`, "a broken escape"},
		{`{"a":"\u12"}`, "a broken escape"},
		{`{"a":"\ud83d"}`, "a broken escape"},
		{`{"a":"\ud83dx"}`, "a broken escape"},
		{`{"a":"\ude00"}`, "a broken escape"},
		{`{"a":"\ud83d\ud83d"}`, "a broken escape"},
		{"{\"a\":\"\n\"}", "not escaped"},
		{"{\"a\":\"\\n\n\"}", "not escaped"},
		{"{\"a\":\"\xff\"}", "not valid UTF-8"},
		{"{\"a\":\"\\n\xff\"}", "not valid UTF-8"},
		{"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		{"\xef\xbb\xbf{}", "what is no JSON"},
		{"// comment\n{}", "what is no JSON"},
		{strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), ""},
		{strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), "nested deeper than 16"},
		{strings.Repeat(`{"a":`, maxDepth+1), "nested deeper than 16"},
		{strings.Repeat("[", 1<<19), "nested deeper than 16"},
	} {
		err := read(test.body)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%.60q: %v", test.body, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%.60q: %v; want %q", test.body, err, test.want)
		}
	}
}

func TestTheReaderBoundsMembers(t *testing.T) {
	var b strings.Builder
	for i := range maxMembers + 1 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("a", i+1) + `":0`)
	}
	if err := read("{" + b.String() + "}"); err == nil || !strings.Contains(err.Error(), "more than 256 members") {
		t.Errorf("%v", err)
	}
}

// What the reader accepts, encoding/json accepts and reads alike.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e+3,true,null,"\u00e9\ud83d\ude00"]}`, `{"a":1,"a":2}`, `"\ud800"`, `[[[]]]`, "\"\xff\"", `01`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &reader{data: body}
		if r.skip() != nil || r.end() != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is no JSON", body)
		}
		text := bytes.TrimSpace(body)
		if text[0] != '"' {
			return
		}
		var want string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		r = &reader{data: body}
		if got, err := r.text(); err != nil || string(got) != want {
			t.Fatalf("%q reads as %q, %v; want %q", body, got, err, want)
		}
	})
}
