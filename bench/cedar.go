package main

import (
	"fmt"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// cedarPolicy is the one policy. A grant is the entity of its area, so that one
// look-up finds it: cheaper than any search among the grants to a device.
const cedarPolicy = `permit (principal, action, resource) when {
  principal.active &&
  resource.device == principal &&
  resource.action == action &&
  !resource.revoked &&
  context.now >= resource.notBefore &&
  context.now < resource.notAfter &&
  context.temperature <= resource.maxTemperature &&
  context.pressure >= resource.minPressure
};`

func cedarContender(w *workload, qs []question) (contender, error) {
	policies, err := cedar.NewPolicySetFromBytes("bench.cedar", []byte(cedarPolicy))
	if err != nil {
		return contender{}, err
	}
	device := func(n int) types.EntityUID {
		return types.NewEntityUID("Device", types.String(fmt.Sprintf("device%06d", n)))
	}
	action := func(name string) types.EntityUID { return types.NewEntityUID("Action", types.String(name)) }
	area := func(name string) types.EntityUID { return types.NewEntityUID("Area", types.String(name)) }
	entities := make(types.EntityMap, w.devices+len(w.grants))
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
		requests[i] = cedar.Request{Principal: device(q.device), Action: action(q.action), Resource: area(q.area), Context: types.NewRecord(context)}
	}
	return contender{"cedar-go", len(qs), func(i int) (bool, error) {
		decision, _ := cedar.Authorize(policies, entities, requests[i])
		return decision == cedar.Allow, nil
	}}, nil
}
