// Package identity holds the words and pure rules of devices: what a key is and
// how it is judged, what a device is called, what it signs, how a factory list
// is anchored, and which steps a device's life may take.
//
// It is imported by the chain, by gateways and by the command line, so that they
// cannot disagree; it imports neither the Cosmos SDK nor anything of a gateway,
// and reads no clock. Start with [ParsePublicKey], [ParseID] and [VerifyPath].
// The keeper that stores devices on the chain is in the package below.
package identity
