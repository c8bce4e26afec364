package ingress

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// maxEvaluations bounds the requests of one message.
const maxEvaluations = 256

// semantic is how a message of several requests is run (AuthZEN 1.0,
// "Evaluations semantics").
type semantic uint8

const (
	executeAll semantic = iota
	denyOnFirstDeny
	permitOnFirstPermit
)

var semantics = map[string]semantic{
	"execute_all":            executeAll,
	"deny_on_first_deny":     denyOnFirstDeny,
	"permit_on_first_permit": permitOnFirstPermit,
}

// entity is a subject, an action or a resource as it was sent.
type entity struct {
	present  bool
	kind, id string // an action has its name in id
}

// tuple is one request as it was sent: well-formed JSON of the right types,
// with values that were not looked at yet.
type tuple struct {
	subject, action, resource entity
	context                   []access.Attribute
	hasContext                bool
}

// message is a body of either endpoint.
type message struct {
	tuple                // the request, or the defaults of those below
	evaluations []tuple  // empty when it is a single request
	semantic    semantic // of evaluations
}

// decodeMessage reads a body. With several, "evaluations" and "options" count
// as in AuthZEN 1.0, "Access Evaluations API"; without, they are fields that
// are not known. Unknown fields are tolerated, as there: they are checked to be
// JSON and otherwise ignored.
func decodeMessage(body []byte, several bool) (*message, error) {
	r := &reader{data: body}
	var m message
	err := r.object(func(name string) error {
		switch {
		case several && name == "evaluations":
			return r.array(func(i int) error {
				if i == maxEvaluations {
					return r.fail("more than %d requests in one message", maxEvaluations)
				}
				var t tuple
				if err := r.object(func(name string) error { return r.tupleMember(&t, name) }); err != nil {
					return err
				}
				m.evaluations = append(m.evaluations, t)
				return nil
			})
		case several && name == "options":
			return r.object(func(name string) error {
				if name != "evaluations_semantic" {
					return r.skip()
				}
				word, err := r.text()
				if err != nil {
					return err
				}
				var ok bool
				if m.semantic, ok = semantics[string(word)]; !ok {
					return r.fail("%.40q; want execute_all, deny_on_first_deny or permit_on_first_permit", word)
				}
				return nil
			})
		}
		return r.tupleMember(&m.tuple, name)
	})
	if err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	m.inherit()
	return &m, m.complete()
}

// tupleMember reads one member of a request.
func (r *reader) tupleMember(t *tuple, name string) error {
	switch name {
	case "subject":
		return r.entity(&t.subject, "type", "id")
	case "action":
		return r.entity(&t.action, "", "name")
	case "resource":
		return r.entity(&t.resource, "type", "id")
	case "context":
		t.hasContext = true
		return r.context(&t.context)
	}
	return r.skip()
}

// entity reads a subject, an action or a resource; kind and id name its
// members. Its properties must be an object and are otherwise ignored: what the
// gateway knows of a device it knows from the ledger.
func (r *reader) entity(e *entity, kind, id string) error {
	var hasKind, hasID bool
	err := r.object(func(name string) error {
		switch name {
		case "properties":
			if r.next() != '{' {
				return r.fail("want an object, not %s", r.kind())
			}
			return r.skip()
		case id:
			text, err := r.text()
			e.id, hasID = string(text), true
			return err
		case kind:
			text, err := r.text()
			e.kind, hasKind = string(text), true
			return err
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	e.present = true
	switch {
	case !hasKind && kind != "":
		return r.missing(kind)
	case !hasID:
		return r.missing(id)
	}
	return nil
}

func (r *reader) missing(name string) error {
	r.path = append(r.path, name)
	return r.fail("missing; want a string")
}

// context reads the attributes that a condition can compare. One of a type that
// it cannot (a fraction, an array, an object, null) is left out: conditions on
// it fail as on any attribute that is absent.
func (r *reader) context(attributes *[]access.Attribute) error {
	list := []access.Attribute{}
	err := r.object(func(name string) error {
		a := access.Attribute{Name: name}
		switch c := r.next(); {
		case c == '"':
			text, err := r.text()
			if err != nil {
				return err
			}
			a.Kind, a.Text = access.KindText, string(text)
		case c == '-', '0' <= c && c <= '9':
			digits, err := r.number()
			if err != nil {
				return err
			}
			n, err := strconv.ParseInt(string(digits), 10, 64)
			if err != nil {
				return nil
			}
			a.Kind, a.Number = access.KindNumber, n
		case c == 't':
			a.Kind, a.Truth = access.KindTruth, true
			if err := r.literal("true"); err != nil {
				return err
			}
		case c == 'f':
			a.Kind = access.KindTruth
			if err := r.literal("false"); err != nil {
				return err
			}
		default:
			return r.skip()
		}
		if len(list) == access.MaxAttributes {
			return r.fail("more than %d attributes", access.MaxAttributes)
		}
		list = append(list, a)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b access.Attribute) int { return strings.Compare(a.Name, b.Name) })
	*attributes = list
	return nil
}

// inherit gives each request of a message what it does not say itself. A value
// replaces the default as a whole; nothing is merged.
func (m *message) inherit() {
	for i := range m.evaluations {
		t := &m.evaluations[i]
		if !t.subject.present {
			t.subject = m.subject
		}
		if !t.action.present {
			t.action = m.action
		}
		if !t.resource.present {
			t.resource = m.resource
		}
		if !t.hasContext {
			t.context = m.context
		}
	}
}

// complete checks that no request lacks a part.
func (m *message) complete() error {
	if len(m.evaluations) == 0 {
		return m.tuple.complete("")
	}
	for i := range m.evaluations {
		if err := m.evaluations[i].complete("evaluations[" + strconv.Itoa(i) + "]."); err != nil {
			return err
		}
	}
	return nil
}

func (t *tuple) complete(prefix string) error {
	for _, part := range []struct {
		name    string
		present bool
	}{{"subject", t.subject.present}, {"action", t.action.present}, {"resource", t.resource.present}} {
		if !part.present {
			return &malformed{prefix + part.name, "missing; want an object"}
		}
	}
	return nil
}

// request turns a tuple into the question that is decided on, or says which
// value makes it none.
func (t *tuple) request() (*access.Request, error) {
	if t.subject.kind != "device" {
		return nil, &malformed{"subject.type", strconv.Quote(shortText(t.subject.kind)) + `; want "device"`}
	}
	subject, err := identity.ParseID(t.subject.id)
	if err != nil {
		return nil, &malformed{"subject.id", err.Error()}
	}
	if err := access.ValidateAction(t.action.id); err != nil {
		return nil, &malformed{"action.name", err.Error()}
	}
	// With a colon in its type a resource could be read in two ways.
	if strings.Contains(t.resource.kind, ":") {
		return nil, &malformed{"resource.type", strconv.Quote(shortText(t.resource.kind)) + "; want no colon in it"}
	}
	req := &access.Request{
		Subject:  subject,
		Action:   t.action.id,
		Resource: t.resource.kind + ":" + t.resource.id,
		Context:  t.context,
	}
	if err := req.Validate(); err != nil {
		field := "resource"
		if strings.HasPrefix(err.Error(), "context") {
			field = "context"
		}
		return nil, &malformed{field, strings.TrimPrefix(err.Error(), field+": ")}
	}
	return req, nil
}

func shortText(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
