// Package header says which header is believed: one that verifies from a header
// believed before (CometBFT's light verifier, by skipping), and that two other
// nodes have too. Time is an argument. A witness whose other header verifies as
// well is proof of an attack, [*Attack]; one whose other header does not is
// merely wrong.
//
// The verifier functions are CometBFT's. The bounded provider, the cross-check
// and the store are ours, because light.Client sleeps under its lock when a
// witness is a block behind, is content with one witness, and reads bodies
// without bound.
package header
