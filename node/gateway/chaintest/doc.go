// Package chaintest is a small chain in the process of a test: real CometBFT
// headers with real signatures, real IAVL trees with real ICS23 proofs, feeds
// as x/feed keeps them, and the RPC methods that a gateway asks. What a [Node]
// answers can be tampered with.
//
// It lives for the tests of the rooms beside it; no binary imports it.
package chaintest
