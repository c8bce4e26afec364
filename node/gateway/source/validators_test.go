package source

import (
	"strings"
	"testing"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"
)

// TestAValidatorThatStandsTwiceIsRefused: even when a header commits to the
// set, for its signature would count twice.
func TestAValidatorThatStandsTwiceIsRefused(t *testing.T) {
	a := types.NewValidator(ed25519.GenPrivKeyFromSecret([]byte("a")).PubKey(), 10)
	b := types.NewValidator(ed25519.GenPrivKeyFromSecret([]byte("b")).PubKey(), 10)
	if _, err := newValidatorSet([]*types.Validator{a, b}); err != nil {
		t.Fatal(err)
	}
	if _, err := newValidatorSet([]*types.Validator{a, b, a.Copy()}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("%v", err)
	}
	for name, all := range map[string][]*types.Validator{"none": {}, "a nil": {nil}, "no key": {{VotingPower: 1}}} {
		if _, err := newValidatorSet(all); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
