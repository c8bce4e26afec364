// Package follow is the chain corridor: it brings what the chain says into the
// vault. [Follower.Step] tells the whole story: choose a primary, take the
// highest height that it and enough witnesses report, believe its header, prove
// the heads of the feeds, fetch what is missing, adopt.
//
// No node is trusted. One that is wrong is named in the log and in the status,
// and set aside with a wait that doubles; one that is merely behind or silent
// costs nothing but its turn. Nothing that a node says can make the gateway
// allow; at worst the View grows old and its classes deny.
//
// It may import the rooms of the chain corridor and the vault, never guard.
package follow
