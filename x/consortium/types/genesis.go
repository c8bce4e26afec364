package types

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
)

// DefaultPower of a validator: high enough that power can move in steps below a
// third of the total.
const DefaultPower = 100

// DefaultGenesis has the default limits and no member.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: ParamsOf(consortium.DefaultBlock)}
}

// Validate checks everything that can be checked without a chain: bounds,
// order, duplicates, and that nothing dangles. Errors name the field.
func (g GenesisState) Validate() error {
	if err := g.Params.Block().Validate(); err != nil {
		return fmt.Errorf("params.%w", err)
	}
	members := make(map[string]*consortium.Member, len(g.Members))
	for i := range g.Members {
		m := &g.Members[i]
		if err := m.Validate(); err != nil {
			return fmt.Errorf("members[%d].%w", i, err)
		}
		if i > 0 && g.Members[i-1].Id >= m.Id {
			return fmt.Errorf("members[%d].id: %q after %q; want each once, ascending", i, m.Id, g.Members[i-1].Id)
		}
		members[m.Id] = m
	}
	seen := ""
	for i, a := range g.Accounts {
		if _, err := sdk.AccAddressFromBech32(a.Address); err != nil {
			return fmt.Errorf("accounts[%d].address: %q: %w", i, a.Address, err)
		}
		if i > 0 && seen >= a.Address {
			return fmt.Errorf("accounts[%d].address: %s after %s; want each once, ascending", i, a.Address, seen)
		}
		seen = a.Address
		if members[a.Member] == nil {
			return fmt.Errorf("accounts[%d].member: %q is no member", i, a.Member)
		}
		if err := consortium.ValidateRoles(a.Roles); err != nil {
			return fmt.Errorf("accounts[%d].%w", i, err)
		}
	}
	return g.validateValidators(members)
}

func (g GenesisState) validateValidators(members map[string]*consortium.Member) error {
	keys := make(map[string]bool, len(g.Validators))
	for i, v := range g.Validators {
		if i > 0 && g.Validators[i-1].Member >= v.Member {
			return fmt.Errorf("validators[%d].member: %q after %q; want each once, ascending", i, v.Member, g.Validators[i-1].Member)
		}
		m := members[v.Member]
		if m == nil {
			return fmt.Errorf("validators[%d].member: %q is no member", i, v.Member)
		}
		if m.Standing != consortium.StandingActive {
			return fmt.Errorf("validators[%d].member: %q is not active", i, v.Member)
		}
		pk, err := v.ConsensusKey()
		if err != nil {
			return fmt.Errorf("validators[%d].pubkey: %w", i, err)
		}
		if keys[string(pk.Bytes())] {
			return fmt.Errorf("validators[%d].pubkey: the key of another validator", i)
		}
		keys[string(pk.Bytes())] = true
		if v.Power < 1 || v.Power > 1_000_000 {
			return fmt.Errorf("validators[%d].power: %d; want 1 to 1,000,000", i, v.Power)
		}
		if v.SinceHeight < 0 {
			return fmt.Errorf("validators[%d].since_height: %d is negative", i, v.SinceHeight)
		}
	}
	return nil
}

// ConsensusKey unpacks the consensus key of a validator.
func (v Validator) ConsensusKey() (cryptotypes.PubKey, error) {
	if v.Pubkey == nil {
		return nil, errors.New("absent")
	}
	pk, ok := v.Pubkey.GetCachedValue().(cryptotypes.PubKey)
	if !ok {
		return nil, fmt.Errorf("%q is no public key", v.Pubkey.TypeUrl)
	}
	return pk, nil
}

// UnpackInterfaces implements UnpackInterfacesMessage.
func (g GenesisState) UnpackInterfaces(unpacker codectypes.AnyUnpacker) error {
	for _, v := range g.Validators {
		if err := v.UnpackInterfaces(unpacker); err != nil {
			return err
		}
	}
	return nil
}

// UnpackInterfaces implements UnpackInterfacesMessage.
func (v Validator) UnpackInterfaces(unpacker codectypes.AnyUnpacker) error {
	var pk cryptotypes.PubKey
	return unpacker.UnpackAny(v.Pubkey, &pk)
}

// UnpackInterfaces implements UnpackInterfacesMessage.
func (r QueryMemberResponse) UnpackInterfaces(unpacker codectypes.AnyUnpacker) error {
	if r.Validator == nil {
		return nil
	}
	return r.Validator.UnpackInterfaces(unpacker)
}

// Sort puts members, accounts and validators into the order that Validate asks
// for.
func (g *GenesisState) Sort() {
	slices.SortFunc(g.Members, func(a, b consortium.Member) int { return strings.Compare(a.Id, b.Id) })
	slices.SortFunc(g.Accounts, func(a, b Account) int { return strings.Compare(a.Address, b.Address) })
	slices.SortFunc(g.Validators, func(a, b Validator) int { return strings.Compare(a.Member, b.Member) })
}
