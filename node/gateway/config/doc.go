// Package config reads and writes the configuration of a gateway: one
// commented TOML file in its home, which the environment may override.
//
// It refuses what it does not know and names the field of whatever is wrong;
// it opens no connection and believes nothing: that is for the rooms it
// configures. Start with [Config] and [Load].
package config
