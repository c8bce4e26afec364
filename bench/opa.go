package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// opaPolicy finds the grants by device and action, and among these the one
// whose area covers the topic.
const opaPolicy = `package bench

default allow := false

allow if {
	data.devices[input.device].active
	some grant in data.grants[input.device][input.action]
	startswith(input.topic, grant.prefix)
	not grant.revoked
	input.now >= grant.not_before
	input.now < grant.not_after
	input.temperature <= grant.max_temperature
	input.pressure >= grant.min_pressure
}`

// opaToldPolicy is handed the area of the topic and looks the grant up by it.
const opaToldPolicy = `package bench

default allow := false

allow if {
	data.devices[input.device].active
	grant := data.grants[input.device][input.action][input.area]
	not grant.revoked
	input.now >= grant.not_before
	input.now < grant.not_after
	input.temperature <= grant.max_temperature
	input.pressure >= grant.min_pressure
}`

// opaContender is a prepared query over data in memory, used as OPA documents
// it. A contender that is told is handed the area of the topic, and besides all
// that OPA offers for speed: data kept as syntax trees, so that reads convert
// nothing, and inputs parsed beforehand.
func opaContender(w *workload, qs []question, told bool) (contender, error) {
	name, policy := "OPA", opaPolicy
	if told {
		name, policy = "OPA, tuned and told the area", opaToldPolicy
	}
	ctx := context.Background()
	device := func(n int) string { return fmt.Sprintf("device%06d", n) }
	devices, grants := map[string]any{}, map[string]any{}
	for n := range w.devices {
		devices[device(n)] = map[string]any{"active": !w.suspended[n]}
		held := map[string]any{}
		for _, action := range []string{actionPublish, actionGet} {
			list, byArea := []any{}, map[string]any{}
			for _, g := range w.grants[n*grantsPerDevice : (n+1)*grantsPerDevice] {
				if g.action != action {
					continue
				}
				grant := map[string]any{
					"revoked": g.revoked, "not_before": g.notBefore, "not_after": g.notAfter,
					"max_temperature": g.maxTemperature, "min_pressure": g.minPressure,
				}
				if told {
					byArea[g.area] = grant
				} else {
					grant["prefix"] = g.area + "/"
					list = append(list, grant)
				}
			}
			if held[action] = list; told {
				held[action] = byArea
			}
		}
		grants[device(n)] = held
	}
	data := map[string]any{"devices": devices, "grants": grants}
	store := inmem.NewFromObject(data)
	if told {
		store = inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	}
	query, err := rego.New(rego.Query("data.bench.allow"), rego.Module("bench.rego", policy), rego.Store(store)).PrepareForEval(ctx)
	if err != nil {
		return contender{}, err
	}
	inputs := make([]rego.EvalOption, len(qs))
	for i, q := range qs {
		input := map[string]any{"device": device(q.device), "topic": topicOf(q.area), "action": q.action, "now": requestTime.Unix()}
		if told {
			input["area"] = q.area
		}
		if q.temperature != noAttribute {
			input["temperature"] = q.temperature
		}
		if q.pressure != noAttribute {
			input["pressure"] = q.pressure
		}
		inputs[i] = rego.EvalInput(input)
		if told {
			parsed, err := ast.InterfaceToValue(input)
			if err != nil {
				return contender{}, err
			}
			inputs[i] = rego.EvalParsedInput(parsed)
		}
	}
	return contender{name, len(qs), func(i int) (bool, error) {
		results, err := query.Eval(ctx, inputs[i])
		if err != nil {
			return false, err
		}
		if len(results) != 1 || len(results[0].Expressions) != 1 {
			return false, fmt.Errorf("%d results", len(results))
		}
		allow, ok := results[0].Expressions[0].Value.(bool)
		if !ok {
			return false, fmt.Errorf("result is a %T", results[0].Expressions[0].Value)
		}
		return allow, nil
	}}, nil
}
