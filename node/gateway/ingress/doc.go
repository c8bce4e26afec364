// Package ingress is where the world comes in: requests are read strictly and
// within bounds, handed to the guard, and answered. Codes of protocols are
// chosen here alone.
//
// It serves the OpenID AuthZEN 1.0 decision point and the gateway's operations.
// It believes its caller to have authenticated the device that it names, so it
// listens on loopback or a Unix socket unless callers show a certificate.
//
// Start with [Server]; decode.go is what a request may look like.
package ingress
