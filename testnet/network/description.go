package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Description is what network.json says of a network that is ready. URLs have
// a scheme; what is not served is absent.
type Description struct {
	ChainID  string            `json:"chain_id"`
	Binaries map[string]string `json:"binaries"`
	Nodes    []Node            `json:"nodes"`
	Gateways []Gateway         `json:"gateways"`
	// Accounts are in the keyring "test" of the first node's home.
	Accounts []Account `json:"accounts"`
	Devices  []Device  `json:"devices"`
	Trusted  Trusted   `json:"trusted"`
}

// Node is a validator's process.
type Node struct {
	Name string `json:"name"`
	Home string `json:"home"`
	PID  int    `json:"pid"`
	Log  string `json:"log"`
	RPC  string `json:"rpc"`
	GRPC string `json:"grpc"`
	REST string `json:"rest"`
	// P2P is tcp://<node id>@<host>:<port>.
	P2P string `json:"p2p"`
}

// Gateway is a gateway's process.
type Gateway struct {
	Name     string   `json:"name"`
	Home     string   `json:"home"`
	PID      int      `json:"pid"`
	Log      string   `json:"log"`
	Segments []string `json:"segments"`
	HTTP     string   `json:"http"`
	MQTTS    string   `json:"mqtts,omitempty"`
	HTTPS    string   `json:"https,omitempty"`
	ExtAuthz string   `json:"ext_authz,omitempty"`
	CA       string   `json:"ca,omitempty"`
}

// Account is a key that a member signs with.
type Account struct {
	Name    string   `json:"name"`
	Member  string   `json:"member"`
	Roles   []string `json:"roles"`
	Address string   `json:"address"`
}

// Device is an active device with its key and a self-signed certificate.
type Device struct {
	ID       string `json:"id"`
	Member   string `json:"member"`
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"key_file"`
}

// Trusted is the header at which gateways begin to believe.
type Trusted struct {
	Height int64  `json:"height"`
	Hash   string `json:"hash"`
}

// DescriptionFile is the path of network.json.
func DescriptionFile(dir string) string { return filepath.Join(dir, "network.json") }

// ReadDescription reads network.json. It is an error if no network is ready in
// the directory.
func ReadDescription(dir string) (Description, error) {
	var d Description
	raw, err := os.ReadFile(DescriptionFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("no network is ready in %s (network.json is absent): start one with: hallmark-testnet start --dir %s", dir, dir)
	}
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("%s: %w", DescriptionFile(dir), err)
	}
	return d, nil
}

// Node returns the node of a name.
func (d Description) Node(name string) (Node, bool) {
	for _, n := range d.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return Node{}, false
}

// Gateway returns the gateway of a name.
func (d Description) Gateway(name string) (Gateway, bool) {
	for _, g := range d.Gateways {
		if g.Name == name {
			return g, true
		}
	}
	return Gateway{}, false
}

// writeJSON writes a file so that a reader sees all of it or none.
func writeJSON(path string, value any, mode os.FileMode) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(raw, '\n'), mode)
}

func writeFile(path string, raw []byte, mode os.FileMode) error {
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = part.Write(raw)
	if err = errors.Join(err, part.Chmod(mode), part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
