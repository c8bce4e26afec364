package main

import (
	"math"
	"testing"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for _, c := range []struct {
		values  []float64
		p, want float64
	}{
		{[]float64{7}, 0.5, 7},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 3, 1, 2}, 0.5, 2},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
		{hundred[:10], 0.99, 100},
	} {
		if got := quantile(c.values, c.p); got != c.want {
			t.Errorf("quantile(%d values, %v) = %v, want %v", len(c.values), c.p, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
	if hundred[0] != 100 {
		t.Error("quantile sorted what it was given")
	}
}

func TestRatiosArePairwise(t *testing.T) {
	got := ratios([]float64{10, 9}, []float64{5, 3})
	if got[0] != 2 || got[1] != 3 {
		t.Errorf("ratios = %v, want [2 3]", got)
	}
}
