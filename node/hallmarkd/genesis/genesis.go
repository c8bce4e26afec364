// Package genesis makes a network's genesis from the command line: members,
// their accounts and roles, their validators.
package genesis

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	"github.com/cosmos/cosmos-sdk/server"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// Command is `genesis`.
func Command(basics module.BasicManager) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "genesis",
		Short: "Make and check the genesis of a network",
		RunE:  client.ValidateCmd,
	}
	cmd.AddCommand(addMember(), addAccount(), addValidator(), validate(basics))
	return cmd
}

func addMember() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "add-member ID",
		Short:   "Add a member organisation",
		Long:    "Add a member organisation. Its ID is 2 to 32 lower-case letters, digits and inner hyphens.",
		Example: `hallmarkd genesis add-member acme --name "Acme Sensors"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, _ := cmd.Flags().GetString("name")
			return edit(cmd, func(g *states) error {
				member := consortium.Member{Id: args[0], Name: name, Standing: consortium.StandingActive}
				if err := member.Validate(); err != nil {
					return err
				}
				for _, m := range g.consortium.Members {
					if m.Id == member.Id {
						return fmt.Errorf("id: member %q is there already", m.Id)
					}
				}
				g.consortium.Members = append(g.consortium.Members, member)
				return nil
			})
		},
	}
	cmd.Flags().String("name", "", "name for people")
	return cmd
}

func addAccount() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add-account MEMBER ADDRESS",
		Short: "Bind an account to a member, with roles",
		Long: `Bind an account to a member, with roles: admin, auditor, gateway, manufacturer,
operator. An admin holds every role. ADDRESS may be the name of a key in the keyring.`,
		Example: "hallmarkd genesis add-account acme hallmark1... --role manufacturer --role operator",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			roles, _ := cmd.Flags().GetStringSlice("role")
			address, err := addressOf(cmd, args[1])
			if err != nil {
				return err
			}
			return edit(cmd, func(g *states) error {
				account := types.Account{Address: address.String(), Member: args[0], Roles: sorted(roles)}
				for _, a := range g.consortium.Accounts {
					if a.Address == account.Address {
						return fmt.Errorf("address: %s is bound to %q already", a.Address, a.Member)
					}
				}
				g.consortium.Accounts = append(g.consortium.Accounts, account)
				return g.addAuthAccount(address)
			})
		},
	}
	cmd.Flags().StringSlice("role", nil, "a role of the account (repeat for more)")
	_ = cmd.MarkFlagRequired("role")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(consortium.Roles[:], cobra.ShellCompDirectiveNoFileComp))
	flags.AddKeyringFlags(cmd.Flags())
	return cmd
}

func addValidator() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add-validator MEMBER",
		Short: "Add the validator of a member",
		Long: `Add the validator of a member; each member may run one. The consensus key is what
"hallmarkd comet show-validator" prints on the validator's machine; without --pubkey it
is this node's own.`,
		Example: `hallmarkd genesis add-validator acme --pubkey '{"@type":"/cosmos.crypto.ed25519.PubKey","key":"..."}'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, _ := cmd.Flags().GetString("pubkey")
			power, _ := cmd.Flags().GetInt64("power")
			pk, err := consensusKey(cmd, text)
			if err != nil {
				return err
			}
			return edit(cmd, func(g *states) error {
				for _, v := range g.consortium.Validators {
					if v.Member == args[0] {
						return fmt.Errorf("member: %q has a validator already", v.Member)
					}
				}
				g.consortium.Validators = append(g.consortium.Validators, types.Validator{Member: args[0], Pubkey: pk, Power: power})
				return nil
			})
		},
	}
	cmd.Flags().String("pubkey", "", "consensus public key as JSON (default: this node's own)")
	cmd.Flags().Int64("power", types.DefaultPower, "voting power")
	return cmd
}

// validate is the SDK's check of every module, and a word on the size.
func validate(basics module.BasicManager) *cobra.Command {
	cmd := genutilcli.ValidateGenesisCmd(basics)
	cmd.Use = "validate [FILE]"
	cmd.Short = "Check a genesis (default: this node's own)"
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := inner(cmd, args); err != nil {
			return err
		}
		file := server.GetServerContextFromCmd(cmd).Config.GenesisFile()
		if len(args) == 1 {
			file = args[0]
		}
		g, err := read(cmd, file)
		if err != nil {
			return err
		}
		switch n := len(g.consortium.Validators); {
		case n == 0:
			return fmt.Errorf("%s: consortium.validators: none; a network needs at least one", file)
		case n < 4:
			fmt.Fprintf(cmd.ErrOrStderr(), "note: %d validators tolerate no fault; this is a development network\n", n)
		}
		return nil
	}
	return cmd
}

func sorted(roles []string) []string {
	var out []string
	for _, known := range consortium.Roles {
		for _, r := range roles {
			if strings.TrimSpace(r) == known {
				out = append(out, known)
				break
			}
		}
	}
	for _, r := range roles {
		if !strings.Contains(strings.Join(consortium.Roles[:], " "), strings.TrimSpace(r)) || r == "" {
			out = append(out, r) // unknown: validation names it
		}
	}
	return out
}

func addressOf(cmd *cobra.Command, text string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(text)
	if err == nil {
		return address, nil
	}
	c, cerr := client.GetClientQueryContext(cmd)
	if cerr != nil || c.Keyring == nil {
		return nil, fmt.Errorf("address: %q: %w", text, err)
	}
	record, kerr := c.Keyring.Key(text)
	if kerr != nil {
		return nil, fmt.Errorf("address: %q is no address (%w) and no key of the keyring", text, err)
	}
	return record.GetAddress()
}

func consensusKey(cmd *cobra.Command, text string) (*codectypes.Any, error) {
	c := client.GetClientContextFromCmd(cmd)
	var pk cryptotypes.PubKey
	if text == "" {
		config := server.GetServerContextFromCmd(cmd).Config
		own, err := ownKey(config.PrivValidatorKeyFile(), config.PrivValidatorStateFile())
		if err != nil {
			return nil, fmt.Errorf("pubkey: none given, and this node's own: %w", err)
		}
		pk = own
	} else if err := c.Codec.UnmarshalInterfaceJSON([]byte(text), &pk); err != nil {
		return nil, fmt.Errorf("pubkey: %w", err)
	}
	return codectypes.NewAnyWithValue(pk)
}

// states are the parts of a genesis that the commands edit.
type states struct {
	file       string
	genesis    *genutiltypes.AppGenesis
	all        map[string]json.RawMessage
	auth       authtypes.GenesisState
	consortium types.GenesisState
}

func (g *states) addAuthAccount(address sdk.AccAddress) error {
	accounts, err := authtypes.UnpackAccounts(g.auth.Accounts)
	if err != nil {
		return err
	}
	if accounts.Contains(address) {
		return nil
	}
	accounts = authtypes.SanitizeGenesisAccounts(append(accounts, authtypes.NewBaseAccount(address, nil, uint64(len(accounts)), 0)))
	g.auth.Accounts, err = authtypes.PackAccounts(accounts)
	return err
}

func read(cmd *cobra.Command, file string) (*states, error) {
	c := client.GetClientContextFromCmd(cmd)
	genesis, err := genutiltypes.AppGenesisFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	g := &states{file: file, genesis: genesis}
	if err := json.Unmarshal(genesis.AppState, &g.all); err != nil {
		return nil, fmt.Errorf("%s: app_state: %w", file, err)
	}
	if err := c.Codec.UnmarshalJSON(g.all[authtypes.ModuleName], &g.auth); err != nil {
		return nil, fmt.Errorf("%s: auth: %w", file, err)
	}
	if err := c.Codec.UnmarshalJSON(g.all[consortium.ModuleName], &g.consortium); err != nil {
		return nil, fmt.Errorf("%s: consortium: %w", file, err)
	}
	return g, nil
}

// edit changes this node's genesis; if the result is not valid, nothing is
// written.
func edit(cmd *cobra.Command, change func(*states) error) error {
	c := client.GetClientContextFromCmd(cmd)
	g, err := read(cmd, server.GetServerContextFromCmd(cmd).Config.GenesisFile())
	if err != nil {
		return err
	}
	if err := change(g); err != nil {
		return err
	}
	g.consortium.Sort()
	if err := g.consortium.Validate(); err != nil {
		return err
	}
	if g.all[authtypes.ModuleName], err = c.Codec.MarshalJSON(&g.auth); err != nil {
		return err
	}
	if g.all[consortium.ModuleName], err = c.Codec.MarshalJSON(&g.consortium); err != nil {
		return err
	}
	if g.genesis.AppState, err = json.MarshalIndent(g.all, "", "  "); err != nil {
		return err
	}
	next := g.file + ".new"
	if err := g.genesis.SaveAs(next); err != nil {
		return err
	}
	return os.Rename(next, g.file)
}
