package access

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Explain says in plain words what failed, and what would change it: where a
// command would, the exact command. It is given the request and the View that
// the decision was made on, and allocates: it is for people, behind the
// decision. Both are empty when there is nothing to say.
func (d Decision) Explain(req *Request, view *View) (detail, fix string) {
	e := explainer{d: d, req: req}
	if req == nil {
		e.req = new(Request)
	}
	e.device = identity.ID(e.req.Subject)
	if view != nil {
		for i := range view.Segments {
			if s := &view.Segments[i]; d.Segment != "" && s.ID == d.Segment && s.policy != nil {
				e.seg = s
			}
		}
		e.view = view
	} else {
		e.view = new(View)
	}
	return e.explain()
}

// explainer gathers what the words are made of. seg is nil when no segment was
// reached.
type explainer struct {
	d      Decision
	req    *Request
	view   *View
	seg    *Segment
	device string
}

func (e *explainer) explain() (detail, fix string) {
	d := &e.d
	switch d.Reason {
	case ReasonAllowed:
		return fmt.Sprintf("grant %d of segment %s allows %s on %s", d.Grant, d.Segment, e.req.Action, e.req.Resource), ""
	case ReasonAttackDetected:
		return "two different chains were shown to this gateway; it decides nothing until a person has looked",
			"find out which node lied, then start the gateway with a new trusted height and hash: hallmark-gateway init"
	case ReasonViewUnverified:
		return "this gateway holds no verified view of the chain yet",
			"see which source does not answer: hallmark-gateway status"
	case ReasonBadRequest:
		if err := e.req.Validate(); err != nil {
			return err.Error(), "correct the request"
		}
		return "the request is malformed", "correct the request"
	case ReasonSegmentUnknown:
		return fmt.Sprintf("no segment that is followed here covers %s", e.req.Resource),
			"add the segment that owns the resource to the gateway's configuration, or create one: " +
				"hallmarkd tx access create-segment SLUG --policy FILE.json"
	case ReasonClockUntrusted:
		return "the time is not known well enough to decide",
			"wait for a fresh header, or set the gateway's wall clock right"
	case ReasonViewStale:
		return e.stale()
	case ReasonMemberSuspended:
		return fmt.Sprintf("member %s, who owns segment %s, was removed at height %d and its notice is over", e.owner(), d.Segment, d.Since),
			"ask the owner of the resource for a grant in a segment of a member of the consortium"
	}
	if detail, fix, ok := e.explainDevice(); ok {
		return detail, fix
	}
	if detail, fix, ok := e.explainGrant(); ok {
		return detail, fix
	}
	return "the decision failed; this is a defect or a record of a later version", "update the gateway, or report it with its log"
}

func (e *explainer) owner() string {
	if e.seg == nil {
		return "(unknown)"
	}
	return e.seg.policy.Member
}

func (e *explainer) stale() (detail, fix string) {
	fix = "restore the gateway's connection to a node: hallmark-gateway status"
	if e.seg == nil {
		return "the view is older than its bound", fix
	}
	class := e.seg.policy.ClassOf(e.req.Action)
	if e.d.Age <= class.MaxStaleness {
		return fmt.Sprintf("after a restart class %s of action %s waits for a fresh header", class.Name, e.req.Action), fix
	}
	return fmt.Sprintf("the view of height %d is %s old; class %s of action %s ends at %s",
		e.view.Height, e.d.Age.Round(time.Second), class.Name, e.req.Action, class.MaxStaleness), fix
}

func (e *explainer) explainDevice() (detail, fix string, ok bool) {
	d := &e.d
	tx := "hallmarkd tx identity "
	switch d.Reason {
	case ReasonDeviceUnknown:
		return fmt.Sprintf("segment %s holds no record of device %s: it never had a grant there", d.Segment, e.device), e.grantCommand(), true
	case ReasonDeviceManufactured:
		return fmt.Sprintf("device %s is enrolled and not yet active", e.device),
			tx + "activate BATCH --list LIST.csv --rows ROW --keys DIR", true
	case ReasonDeviceSuspended:
		return fmt.Sprintf("device %s is suspended since height %d", e.device, d.Since), tx + "resume " + e.device, true
	case ReasonDeviceRetired:
		return fmt.Sprintf("device %s was retired at height %d, for good", e.device, d.Since),
			"enrol its successor: " + tx + "enroll --key FILE.pem --model MODEL --serial SERIAL", true
	case ReasonDeviceRevoked:
		return fmt.Sprintf("device %s was revoked at height %d, for good", e.device, d.Since),
			"enrol a device with a new key: " + tx + "enroll --key FILE.pem --model MODEL --serial SERIAL", true
	case ReasonKeyRevoked:
		return fmt.Sprintf("the key presented is not the live key of device %s, which it has since height %d", e.device, d.Since),
			"present the live key, or make this one live: " + tx + "rotate-key " + e.device + " --key NEW.pem", true
	}
	return "", "", false
}

func (e *explainer) explainGrant() (detail, fix string, ok bool) {
	d := &e.d
	if d.Reason == ReasonNoGrant {
		return fmt.Sprintf("no grant of segment %s gives device %s %s on %s", d.Segment, e.device, e.req.Action, e.req.Resource),
			e.grantCommand(), true
	}
	var g Grant
	if e.seg == nil {
		return "", "", false
	}
	record, found := e.seg.Set.Get(GrantKey(e.req.Subject, d.Grant))
	if !found || g.Unmarshal(record) != nil {
		return "", "", false
	}
	switch d.Reason {
	case ReasonGrantRevoked:
		detail = fmt.Sprintf("grant %d was revoked at height %d", d.Grant, d.Since)
		if g.RevokedReason != "" {
			detail += ": " + g.RevokedReason
		}
		return detail, e.grantCommand(), true
	case ReasonGrantExpired:
		return fmt.Sprintf("grant %d ended at %s", d.Grant, stamp(g.NotAfter)), e.grantCommand(), true
	case ReasonGrantNotYetValid:
		return fmt.Sprintf("grant %d begins at %s", d.Grant, stamp(g.NotBefore)),
			fmt.Sprintf("wait until %s, or %s", stamp(g.NotBefore), e.grantCommand()), true
	case ReasonOwnerChanged:
		return fmt.Sprintf("device %s has changed its owner since grant %d was given to it with owner %s", e.device, d.Grant, g.Owner),
			e.grantCommand(), true
	case ReasonConditionFailed:
		if d.Condition == 0 || int(d.Condition) > len(g.Conditions) {
			return "", "", false
		}
		c := &g.Conditions[d.Condition-1]
		return fmt.Sprintf("condition %s of grant %d does not hold: %s", c.Expression(), d.Grant, e.observed(c)),
			fmt.Sprintf("act when %s holds, or %s", c.Expression(), e.grantCommand()), true
	}
	return "", "", false
}

// observed says what the request had where a condition looked.
func (e *explainer) observed(c *Condition) string {
	a := e.req.attribute(c.Attribute)
	if a == nil {
		return "the request has no " + c.Attribute
	}
	switch a.Kind {
	case KindNumber:
		return c.Attribute + " is the number " + strconv.FormatInt(a.Number, 10)
	case KindTruth:
		return c.Attribute + " is " + strconv.FormatBool(a.Truth)
	default:
		return fmt.Sprintf("%s is the text %.80q", c.Attribute, a.Text)
	}
}

// grantCommand is the command by which the segment's owner would allow just
// what was asked for.
func (e *explainer) grantCommand() string {
	return fmt.Sprintf("hallmarkd tx access grant %s --subject %s --action %s --resource %s"+
		" --until 720h --from KEY",
		e.d.Segment, e.device, quote(e.req.Action), quote(e.req.Resource))
}

// quote makes one word of a shell.
func quote(s string) string {
	safe := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:+,@=%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
