package ingress

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/hallmark-ledger/hallmark/node/gateway/guard"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// Reply is the answer to one request. Numbers are strings, as everywhere in
// the JSON of Hallmark, and absent where there is none.
type Reply struct {
	Decision bool         `json:"decision"`
	Context  ReplyContext `json:"context"`
}

// ReplyContext says why.
type ReplyContext struct {
	Reason access.Reason `json:"reason"`
	// Detail and Fix are for people: what failed and what would change it.
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"`
	// Field that is malformed, where the reason is bad_request.
	Field   string `json:"field,omitempty"`
	Segment string `json:"segment,omitempty"`
	Grant   uint64 `json:"grant,omitempty,string"`
	// Height and Sequence are those of the segment's head; absent where no
	// segment was reached.
	Height   int64  `json:"height,omitempty,string"`
	Sequence uint64 `json:"sequence,omitempty,string"`
	// Since is the height of the revocation, suspension or change.
	Since int64 `json:"since,omitempty,string"`
}

// replies answers a message of several.
type replies struct {
	Evaluations []Reply `json:"evaluations"`
}

// refusal answers a message that is malformed as a whole: an error string that
// names the field, and beside it a denial, for a caller that reads only that.
type refusal struct {
	Error string `json:"error"`
	Reply
}

// replyTo writes an answer of the guard.
func (h *handler) replyTo(a guard.Answer) Reply {
	context := ReplyContext{Reason: a.Reason, Segment: a.Segment, Grant: a.Grant, Since: a.Since}
	if a.Segment != "" {
		context.Height, context.Sequence = a.Height, a.Sequence
	}
	if !a.Allow {
		context.Detail, context.Fix = h.guard.Explain(a)
	}
	return Reply{Decision: a.Allow, Context: context}
}

// refuse counts a malformed request and writes its denial.
func (h *handler) refuse(err error) Reply {
	answer := h.guard.Refuse()
	reply := Reply{Context: ReplyContext{Reason: answer.Reason, Detail: err.Error(), Fix: "correct the request"}}
	var m *malformed
	if errors.As(err, &m) {
		reply.Context.Field = m.field
	}
	return reply
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the largest buffer that is kept for the next reply.
const maxPooled = 64 << 10

// writeJSON writes a value as the whole answer.
func writeJSON(w http.ResponseWriter, status int, value any) {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxPooled {
			buffers.Put(b)
		}
	}()
	b.Reset()
	encoder := json.NewEncoder(b)
	// People read it in terminals; no browser is meant to render it.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"decision":false,"context":{"reason":"internal"},"error":"the answer could not be written"}` + "\n")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the caller has gone when this fails
}

// writeError answers what is no decision: a wrong path, method or type.
func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{message})
}
