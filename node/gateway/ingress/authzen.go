package ingress

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// Paths of AuthZEN 1.0.
const (
	PathEvaluation    = "/access/v1/evaluation"
	PathEvaluations   = "/access/v1/evaluations"
	PathConfiguration = "/.well-known/authzen-configuration"
)

// evaluation answers one request.
func (h *handler) evaluation(w http.ResponseWriter, r *http.Request) {
	h.read(w, r, false, func(m *message) { h.single(w, m) })
}

// evaluations answers several requests; without any in it the message is a
// single request.
func (h *handler) evaluations(w http.ResponseWriter, r *http.Request) {
	h.read(w, r, true, func(m *message) {
		if len(m.evaluations) == 0 {
			h.single(w, m)
			return
		}
		writeJSON(w, http.StatusOK, replies{h.several(m)})
	})
}

func (h *handler) single(w http.ResponseWriter, m *message) {
	req, err := m.tuple.request()
	if err != nil {
		h.writeRefusal(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusOK, h.replyTo(h.guard.Handle(req)))
}

// several runs the requests of a message on one View. A value that makes one of
// them no question is a denial of that one: the others may not depend on what a
// stranger put into it.
func (h *handler) several(m *message) []Reply {
	session := h.guard.Session()
	out := make([]Reply, 0, len(m.evaluations))
	for i := range m.evaluations {
		var reply Reply
		if req, err := m.evaluations[i].request(); err != nil {
			reply = h.refuse(err)
		} else {
			reply = h.replyTo(session.Handle(req))
		}
		out = append(out, reply)
		if m.semantic == denyOnFirstDeny && !reply.Decision || m.semantic == permitOnFirstPermit && reply.Decision {
			break
		}
	}
	return out
}

// read takes a message in, or answers why not.
func (h *handler) read(w http.ResponseWriter, r *http.Request, several bool, use func(*message)) {
	if message := wrongType(r.Header.Values("Content-Type")); message != "" {
		w.Header().Set("Accept-Post", "application/json")
		writeError(w, http.StatusUnsupportedMediaType, message)
		return
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		writeError(w, http.StatusUnsupportedMediaType, "Content-Encoding: want none")
		return
	}
	err := h.bodies.read(w, r, func(body []byte) {
		m, err := decodeMessage(body, several)
		if err != nil {
			h.writeRefusal(w, http.StatusBadRequest, err)
			return
		}
		use(m)
	})
	switch {
	case err == nil:
	case errors.Is(err, errTooLarge):
		// What follows is not read: the connection ends with the answer.
		w.Header().Set("Connection", "close")
		h.writeRefusal(w, http.StatusRequestEntityTooLarge, err)
	case errors.Is(err, errBusy):
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
		writeError(w, http.StatusServiceUnavailable, err.Error())
	default:
		h.writeRefusal(w, http.StatusBadRequest, err)
	}
}

// wrongType says what is wrong with a media type; JSON is UTF-8 always. A page
// in a browser cannot send application/json to another origin unasked, so
// asking for it also keeps such pages out.
func wrongType(types []string) string {
	if len(types) != 1 {
		return "Content-Type: want application/json, once"
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || kind != "application/json" {
		return "Content-Type: want application/json"
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return "Content-Type: want charset utf-8"
	}
	return ""
}

func (h *handler) writeRefusal(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, refusal{Error: err.Error(), Reply: h.refuse(err)})
}

// configuration is the metadata of the decision point.
type configuration struct {
	PolicyDecisionPoint       string `json:"policy_decision_point"`
	AccessEvaluationEndpoint  string `json:"access_evaluation_endpoint"`
	AccessEvaluationsEndpoint string `json:"access_evaluations_endpoint"`
}

func (h *handler) configuration(w http.ResponseWriter, _ *http.Request) {
	// Never from the Host header: a caller would be told what it said.
	base := strings.TrimSuffix(h.url, "/")
	writeJSON(w, http.StatusOK, configuration{base, base + PathEvaluation, base + PathEvaluations})
}
