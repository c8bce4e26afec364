package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/network"
	"github.com/hallmark-ledger/hallmark/testnet/progress"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The factory's list and what is done with it.
const (
	listName  = "factory-manifest.csv"
	listModel = "SEN-20"
	activated = 20
)

// Options of a demonstration.
type Options struct {
	// Net is open and not started.
	Net *network.Network
	Dir string
	// Devices holds the factory's list and the keys of its first rows.
	Devices fs.FS
	Tell    *progress.Teller
}

// story is what one act leaves to the next.
type story struct {
	Options
	d       network.Description
	maker   network.CLI // of the maker's own node
	owner   network.CLI
	segment string
	list    string
	rows    []identity.ListRow // the activated ones
	devices []string           // their ids
	batch   string
	grants  []string
	blocks  *Blocks
}

// act shows one thing. It says in words what it saw.
type act struct {
	name, title string
	wait        string
	show        func(*story, context.Context, map[string]any) (Told, error)
}

// acts in their order.
var acts = []act{
	{"network", "A network", "four validators of four members, two gateways of two of them", (*story).start},
	{"enrol", "A batch is enrolled", "the maker anchors its factory list in one transaction", (*story).enrol},
	{"activate", "Devices come alive", "the maker activates twenty devices for the owner of the plant", (*story).activate},
	{"grant", "The owner grants", "the owner grants nineteen of them, in one transaction", (*story).grant},
	{"allow", "Both gateways allow", "both gateways allow the first device", (*story).allow},
	{"deny", "No grant, no access", "the twentieth device asks", (*story).deny},
	{"revoke", "The owner revokes", "a grant is revoked and both gateways deny", (*story).revoke},
	{"kill", "A validator dies", "one validator of four is killed; a new grant still takes effect", (*story).kill},
	{"lie", "A node lies", "a node answers a third gateway with a valid proof of another key", (*story).lie},
}

// Run shows all acts in order and ends at the first that does not hold. The
// network stays as it is; who opened it stops it.
func Run(ctx context.Context, o Options) *Report {
	began := time.Now()
	s := &story{Options: o}
	defer func() {
		if s.blocks != nil {
			_ = s.blocks.Close()
		}
	}()
	report := &Report{Dir: o.Dir, OK: true, Shown: []Shown{}}
	for _, a := range acts {
		o.Tell.Title("%s", a.title)
		at := time.Now()
		values := map[string]any{}
		var done func(error, string)
		if a.name == "network" { // it tells its own waits
			done = func(error, string) {}
		} else {
			done = o.Tell.Wait("%s", a.wait)
		}
		told, err := a.show(s, ctx, values)
		done(err, "")
		report.ChainID = s.d.ChainID
		if err != nil {
			report.OK, report.Error = false, fmt.Sprintf("%s: %v", a.wait, err)
			break
		}
		for _, detail := range told.Detail {
			lines := wrap(detail, columns)
			if strings.HasPrefix(detail, "fix: ") { // a command is there to be copied
				lines = []string{detail}
			}
			for _, line := range lines {
				o.Tell.Add("%s", line)
			}
		}
		report.Shown = append(report.Shown, Shown{Act: a.name, Title: a.title, Seconds: seconds(time.Since(at)), Told: told, Values: values})
	}
	report.Seconds = seconds(time.Since(began))
	return report
}

// seconds to a hundredth.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*100) / 100 }

// start starts the network and lays out the input beside it.
func (s *story) start(ctx context.Context, values map[string]any) (Told, error) {
	if err := s.Net.Start(ctx); err != nil {
		return Told{}, err
	}
	s.d = s.Net.Description()
	if len(s.d.Nodes) < 4 || len(s.d.Gateways) < 2 {
		return Told{}, fmt.Errorf("the network in %s has %d validators and %d gateways; the demonstration needs 4 and 2: name another --dir", s.Dir, len(s.d.Nodes), len(s.d.Gateways))
	}
	s.owner, s.maker = s.d.CLI(s.d.Nodes[0]), s.d.CLI(s.d.Nodes[1])
	s.segment = s.d.Gateways[0].Segments[0]
	var err error
	if s.blocks, err = WatchBlocks(ctx, s.d.Nodes[0].RPC); err != nil {
		return Told{}, err
	}
	input := filepath.Join(s.Dir, "factory")
	if err := os.RemoveAll(input); err != nil {
		return Told{}, err
	}
	if err := os.CopyFS(input, s.Devices); err != nil {
		return Told{}, err
	}
	s.list = filepath.Join(input, listName)
	list, err := os.Open(s.list)
	if err != nil {
		return Told{}, err
	}
	defer list.Close()
	rows := 0
	err = identity.ReadList(list, func(row identity.ListRow) error {
		if rows++; rows <= activated {
			s.rows = append(s.rows, row)
			s.devices = append(s.devices, identity.ID(row.Key.Digest))
		}
		return nil
	})
	if err != nil {
		return Told{}, fmt.Errorf("%s: %w", listName, err)
	}
	values["validators"], values["gateways"], values["rows"] = len(s.d.Nodes), len(s.d.Gateways), rows
	return Told{
		Result: fmt.Sprintf("%d validators of %d members, %d gateways: %d processes", len(s.d.Nodes), len(s.d.Nodes), len(s.d.Gateways), len(s.d.Nodes)+len(s.d.Gateways)),
		Detail: []string{fmt.Sprintf("chain %s; %s follows %s's node first, %s follows %s's", s.d.ChainID, s.d.Gateways[0].Name, s.ownerName(), s.d.Gateways[1].Name, s.makerMember())},
	}, nil
}

func (s *story) ownerName() string    { return s.d.Devices[0].Member }
func (s *story) operator() string     { return s.ownerName() + "-operator" }
func (s *story) manufacturer() string { return s.account("manufacturer").Name }
func (s *story) makerMember() string  { return s.account("manufacturer").Member }

// account is the one that has a role and no other.
func (s *story) account(role string) network.Account {
	for _, account := range s.d.Accounts {
		if len(account.Roles) == 1 && account.Roles[0] == role {
			return account
		}
	}
	return network.Account{}
}

// resource that the device of a row publishes to.
func (s *story) resource(row int) string {
	return "mqtt:plant/line-1/" + s.rows[row].Serial + "/temperature"
}

func (s *story) line(row int) network.GrantLine {
	return network.GrantLine{
		Subject:   s.devices[row],
		Actions:   []string{"publish"},
		Resources: []string{"mqtt:plant/line-1/" + s.rows[row].Serial + "/#"},
		Until:     time.Now().AddDate(0, 1, 0),
	}
}

func (s *story) gateways() []network.Gateway { return s.d.Gateways[:2] }

func oneOf(result network.TxResult, what string) (string, error) {
	if len(result.IDs) != 1 {
		return "", fmt.Errorf("%s: transaction %s created %d ids, want one", what, result.TxHash, len(result.IDs))
	}
	return result.IDs[0], nil
}

var errStillOld = errors.New("it decides as before")
