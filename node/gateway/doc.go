// Package gateway is the house of a gateway: two corridors that meet in one
// room, the vault.
//
//	chain  -> header -> proof -> VAULT                       (follow)
//	device -> authenticate -> VAULT -> decide -> act         (guard)
//
// The chain corridor only writes the vault, the device corridor only reads it,
// and neither imports the other:
//
//	source  untrusted, bounded fetch from nodes
//	header  which header is believed
//	proof   pure: root + store + key + value + proof -> Verified
//	vault   durable verified records, read as immutable Views
//	clock   verified time
//	follow  the chain corridor: one Step
//	guard   the device corridor: one Handle
//
// Everything below imports the words of the modules (x/feed, x/access), never a
// keeper, the app or the Cosmos SDK. Every error, time-out, panic or empty store
// is a denial. Start with [github.com/hallmark-ledger/hallmark/node/gateway/follow].
package gateway
