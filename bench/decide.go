package main

import (
	"fmt"
	"runtime"
	"testing"
)

// measureDecisions times one decision beside the peers, then ours as the number
// of grants grows.
func measureDecisions(o options, r *report) error {
	if err := besidePeers(o, r); err != nil {
		return err
	}
	runtime.GC()
	return asItGrows(o, r)
}

func besidePeers(o options, r *report) error {
	const group = "one decision"
	w := newWorkload(o.grants, o.seed)
	all := w.questions(o.questions, w.devices, o.seed)
	// Casbin holds the grants to the first devices alone, and is asked of those.
	few := w.questions(o.questions, o.rules/grantsPerDevice, o.seed)

	o.tell("decide: building %s grants for each contender", thousands(int64(o.grants)))
	oursAll, decision, err := ours("ours", w, all)
	if err != nil {
		return err
	}
	oursFew, _, err := ours("ours", w, few)
	if err != nil {
		return err
	}
	var cedar, opa [2]contender
	for i, told := range []bool{false, true} {
		if cedar[i], err = cedarContender(w, all, told); err != nil {
			return fmt.Errorf("cedar-go: %w", err)
		}
		if opa[i], err = opaContender(w, all, told); err != nil {
			return fmt.Errorf("OPA: %w", err)
		}
	}
	casbin, err := casbinContender(w, few, o.rules)
	if err != nil {
		return fmt.Errorf("casbin: %w", err)
	}
	o.tell("decide: comparing all answers")
	allowed, err := agree(oursAll, cedar[0], opa[0], cedar[1], opa[1])
	if err != nil {
		return err
	}
	allowedFew, err := agree(oursFew, casbin)
	if err != nil {
		return err
	}
	reasons := map[string]int{}
	for i := range all {
		reasons[string(decision(i).Reason)]++
	}
	o.tell("decide: %d of %d allowed; by reason %v", allowed, len(all), reasons)

	o.tell("decide: %d rounds", o.rounds)
	times, err := race(o.rounds, o.slice, oursAll, cedar[0], opa[0], oursFew, casbin, cedar[1], opa[1])
	if err != nil {
		return err
	}
	against := func(name string, mine, theirs []float64, note string) row {
		return row{Group: group, Measure: fmt.Sprintf("%s grants to %s devices", thousands(int64(o.grants)), thousands(int64(w.devices))),
			Ours: nanoseconds(median(mine)), Peer: nanoseconds(median(theirs)), PeerIs: name,
			Value: median(ratios(theirs, mine)), Unit: "x faster", Note: note}
	}
	allocations := testing.AllocsPerRun(10*len(all), func() func() {
		i := 0
		return func() {
			decision(i % len(all))
			i++
		}
	}())
	r.add(
		against("cedar-go", times[0], times[1], fmt.Sprintf("%s requests, of which %s are allowed; every contender gave the same answer to each", thousands(int64(len(all))), thousands(int64(allowed)))).atLeast(3),
		against("OPA", times[0], times[2], "").atLeast(50),
		against("Casbin, "+thousands(int64(o.rules))+" rules,", times[3], times[4],
			fmt.Sprintf("%s requests about the devices of those rules, %s allowed, same answers; ours still holds %s grants", thousands(int64(len(few))), thousands(int64(allowedFew)), thousands(int64(o.grants)))).atLeast(300),
		against(cedar[1].name, times[0], times[5], "for information: the peer is handed the granted area beside the topic, and matches nothing"),
		against(opa[1].name, times[0], times[6], ""),
		row{Group: group, Measure: "allocations", Ours: figure(allocations), Value: allocations, Unit: "a decision"}.atMost(0),
	)
	return nil
}

func asItGrows(o options, r *report) error {
	smaller, larger := o.grants/10, o.grants*10
	o.tell("decide: %s grants beside %s", thousands(int64(larger)), thousands(int64(smaller)))
	var contenders []contender
	for _, grants := range []int{smaller, larger} {
		w := newWorkload(grants, o.seed)
		c, _, err := ours(thousands(int64(grants))+" grants", w, w.questions(o.questions, w.devices, o.seed))
		if err != nil {
			return err
		}
		contenders = append(contenders, c)
	}
	times, err := race(o.rounds, o.slice, contenders...)
	if err != nil {
		return err
	}
	r.add(row{Group: "one decision", Measure: thousands(int64(larger)) + " grants", Ours: nanoseconds(median(times[1])),
		Peer: nanoseconds(median(times[0])), PeerIs: "ours with " + thousands(int64(smaller)), Value: median(ratios(times[1], times[0])), Unit: "x slower"}.atMost(3))
	return nil
}
