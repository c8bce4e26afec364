// Package guard is the device corridor: one [Guard.Handle] for a request.
//
// It takes one View, decides and counts. It never asks the network, never
// writes what was verified, and never allows in doubt: whatever goes wrong in
// it is a denial with the reason internal. Protocols are the concern of the
// ingress before it, and what the View rests on that of the corridor which
// follows the chain.
package guard
