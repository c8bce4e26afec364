// Package vault is the room in which the two corridors meet: durable verified
// records, written by the chain corridor and read by the device corridor as
// immutable Views.
//
// A [View] is of one height for all feeds, all or nothing. [Vault.Stage] takes
// only records that proof has verified under a header that header believed;
// [Update.Adopt] compares each set with its head, writes everything in one
// transaction and then swaps the View. A process that dies at any moment leaves
// the View before or the View after.
//
// Disks are not believed. [Open] rebuilds each set, computes its digest and
// compares it with the head it was stored with: a feed that does not match is
// dropped and will be fetched from zero. Even a vault that is whole is
// unverified until a fresh header proves its heads; [Vault.Resume] says when an
// earlier proof may go on.
//
// The vault asks nobody, and knows no clock but the one it is handed.
package vault
