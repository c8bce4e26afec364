// Package fault is a node that lies: a proxy in front of an honest node's
// CometBFT RPC that understands what passes and changes it. Each Lie is one way
// of being wrong; the proxy counts how often it told it, so that a test can say
// that a lie was told and not believed.
package fault
