package main

import (
	"fmt"
	"strings"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// cedarPolicy is the one policy. A topic is an entity that names its area, and
// a grant is the attributes of the area that it is of: two look-ups find it, and
// no pattern is matched.
const cedarPolicy = `permit (principal, action, resource) when {
  principal.active &&
  resource.area.device == principal &&
  resource.area.action == action &&
  !resource.area.revoked &&
  context.now >= resource.area.notBefore &&
  context.now < resource.area.notAfter &&
  context.temperature <= resource.area.maxTemperature &&
  context.pressure >= resource.area.minPressure
};`

// cedarToldPolicy is asked of the area instead of the topic.
var cedarToldPolicy = strings.ReplaceAll(cedarPolicy, "resource.area.", "resource.")

// cedarContender holds the workload as entities. A contender that is told is
// handed the area of the topic, which the caller would have to know.
func cedarContender(w *workload, qs []question, told bool) (contender, error) {
	name, policy := "cedar-go", cedarPolicy
	if told {
		name, policy = "cedar-go, told the area", cedarToldPolicy
	}
	policies, err := cedar.NewPolicySetFromBytes("bench.cedar", []byte(policy))
	if err != nil {
		return contender{}, err
	}
	device := func(n int) types.EntityUID {
		return types.NewEntityUID("Device", types.String(fmt.Sprintf("device%06d", n)))
	}
	action := func(name string) types.EntityUID { return types.NewEntityUID("Action", types.String(name)) }
	area := func(name string) types.EntityUID { return types.NewEntityUID("Area", types.String(name)) }
	topic := func(area string) types.EntityUID { return types.NewEntityUID("Topic", types.String(topicOf(area))) }
	entities := make(types.EntityMap, w.devices+2*len(w.grants))
	for n := range w.devices {
		entities[device(n)] = types.Entity{UID: device(n), Attributes: types.NewRecord(types.RecordMap{
			"active": types.Boolean(!w.suspended[n]),
		})}
	}
	for _, g := range w.grants {
		entities[area(g.area)] = types.Entity{UID: area(g.area), Attributes: types.NewRecord(types.RecordMap{
			"device": device(g.device), "action": action(g.action), "revoked": types.Boolean(g.revoked),
			"notBefore": types.Long(g.notBefore), "notAfter": types.Long(g.notAfter),
			"maxTemperature": types.Long(g.maxTemperature), "minPressure": types.Long(g.minPressure),
		})}
		if !told {
			entities[topic(g.area)] = types.Entity{UID: topic(g.area), Attributes: types.NewRecord(types.RecordMap{"area": area(g.area)})}
		}
	}
	requests := make([]cedar.Request, len(qs))
	for i, q := range qs {
		context := types.RecordMap{"now": types.Long(requestTime.Unix())}
		if q.temperature != noAttribute {
			context["temperature"] = types.Long(q.temperature)
		}
		if q.pressure != noAttribute {
			context["pressure"] = types.Long(q.pressure)
		}
		requests[i] = cedar.Request{Principal: device(q.device), Action: action(q.action), Resource: topic(q.area), Context: types.NewRecord(context)}
		if told {
			requests[i].Resource = area(q.area)
		}
	}
	return contender{name, len(qs), func(i int) (bool, error) {
		decision, _ := cedar.Authorize(policies, entities, requests[i])
		return decision == cedar.Allow, nil
	}}, nil
}
