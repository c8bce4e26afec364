package main

import (
	"math"
	"slices"
)

// quantile is the nearest-rank quantile of values, p in (0, 1]; NaN of none. It
// never interpolates, so that what it says was measured.
func quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// ratios divides pairwise: measurements of one round met the same machine.
func ratios(numerators, denominators []float64) []float64 {
	out := make([]float64, len(numerators))
	for i := range out {
		out[i] = numerators[i] / denominators[i]
	}
	return out
}
