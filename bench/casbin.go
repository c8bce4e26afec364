package main

import (
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// casbinModel matches the topic with Casbin's own keyMatch and compares text: Casbin's rules hold nothing else. Numbers are
// written with a fixed width, so that they compare alike.
const casbinModel = `
[request_definition]
r = device, action, topic, now, temperature, pressure

[policy_definition]
p = device, action, area, active, revoked, not_before, not_after, max_temperature, min_pressure

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.device == p.device && keyMatch(r.topic, p.area) && r.action == p.action && p.active == "true" && p.revoked == "false" && r.now >= p.not_before && r.now < p.not_after && r.temperature <= p.max_temperature && r.pressure >= p.min_pressure
`

// casbinContender holds the grants to the first devices alone, as many as rules.
func casbinContender(w *workload, qs []question, rules int) (contender, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return contender{}, err
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return contender{}, err
	}
	device := func(n int) string { return fmt.Sprintf("device%06d", n) }
	number := func(n int64) string { return fmt.Sprintf("%012d", n) }
	policies := make([][]string, rules)
	for i, g := range w.grants[:rules] {
		policies[i] = []string{device(g.device), g.action, g.area + "/*", fmt.Sprint(!w.suspended[g.device]), fmt.Sprint(g.revoked),
			number(g.notBefore), number(g.notAfter), number(g.maxTemperature), number(g.minPressure)}
	}
	if added, err := enforcer.AddPolicies(policies); err != nil || !added {
		return contender{}, fmt.Errorf("add policies: %v, %w", added, err)
	}
	requests := make([][]any, len(qs))
	for i, q := range qs {
		// An attribute that is absent fails: above every number, below every number.
		temperature, pressure := "~", ""
		if q.temperature != noAttribute {
			temperature = number(q.temperature)
		}
		if q.pressure != noAttribute {
			pressure = number(q.pressure)
		}
		requests[i] = []any{device(q.device), q.action, topicOf(q.area), number(requestTime.Unix()), temperature, pressure}
	}
	return contender{"Casbin", len(qs), func(i int) (bool, error) { return enforcer.Enforce(requests[i]...) }}, nil
}
