// Package feed holds the words and pure rules of feeds: named sets of records,
// key -> value, each with a provable head.
//
// It is imported by the chain, which writes feeds, and by gateways, which
// follow them; so it imports neither the Cosmos SDK nor anything of a gateway.
// Start with [Set], the set itself, and [Accumulator], its digest. The keeper
// that stores feeds on the chain is in the package below.
package feed
