// Package consortium holds the words and pure rules of the organisations that
// run the ledger together: members, their accounts with roles, the one
// validator that each may run, and each member's share of a block.
//
// It imports no Cosmos SDK, so that gateways read a member's standing with the
// code that wrote it. The keeper is in the package below.
package consortium
