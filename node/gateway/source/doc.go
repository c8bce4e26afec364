// Package source asks nodes. A node is not trusted: what it says is a claim
// until header and proof have verified it. This room bounds the claim (size,
// time, pages, no redirects), checks that it is an answer to the question that
// was asked (chain id, height, store, key), and says whose fault it is when it
// is not: a source that is wrong ([ErrWrong]) and one that does not know yet
// ([ErrNotYet]) are different errors.
//
// It refuses to verify anything and to remember anything.
package source
