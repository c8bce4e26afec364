// Package network runs a local network of Hallmark: validators and gateways,
// each a process of its own, made with the very commands by which one makes a
// network by hand.
//
// One foreground process owns a directory and everything that runs in it. Its
// children never outlive it: the kernel kills them when it dies. Others ask it
// through a socket in the directory (Control); what stands in the directory is
// read by anybody (Description).
//
// Start reading at Network.Start. The package imports neither the application
// nor the gateway: it knows them by their command lines and what they serve.
package network
