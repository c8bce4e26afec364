// Package access holds the words and pure rules of access: segments with their
// policy, grants, and [Decide], the one evaluator.
//
// It is imported by the chain, which writes policies and grants, and by
// gateways, which decide on them; so it imports neither the Cosmos SDK nor
// anything of a gateway. It reads no clock, does no I/O and knows no network:
// time and knowledge are arguments.
//
// Start with [Decide]. [Match] and [Contains] are the rules of patterns, the
// file keys.go holds the bytes that the chain writes and a gateway proves, and
// scan.go reads records without allocating.
package access
