// Package demo shows the whole line on real processes and real input: what a
// maker, an owner and their gateways do, a validator that dies and a node that
// lies. Acts is the story; each act fails if what it shows does not hold.
package demo
