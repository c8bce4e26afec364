// Package proof is pure: a root, a store, a key, a value and a proof in, a
// [Verified] out, or an error that says what was wrong. It reads no clock, asks
// nobody and remembers nothing. Only [Verify] makes a Verified.
package proof
