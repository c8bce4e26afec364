package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"
)

// maxValidators bounds a validator set.
const maxValidators = 1000

// Status is what a node says of itself. Nothing of it is verified.
type Status struct {
	NodeID     string
	Height     int64 // latest block it has
	CatchingUp bool
}

// Status asks where the node is. Another chain id is [ErrWrong].
func (n *Node) Status(ctx context.Context) (Status, error) {
	raw, err := n.call(ctx, Height, "status", nil, maxSmall, smallTimeout)
	if err != nil {
		return Status{}, err
	}
	status, network, err := decodeStatus(raw)
	if err != nil {
		return Status{}, Wrong(n.URL(), Body, "status: %w", err)
	}
	if network != n.chainID {
		return Status{}, Wrong(n.URL(), ChainID, "node is of chain %q; want %q", clip(network), n.chainID)
	}
	return status, nil
}

func decodeStatus(raw []byte) (Status, string, error) {
	var s struct {
		NodeInfo struct {
			ID      string `json:"id"`
			Network string `json:"network"`
		} `json:"node_info"`
		SyncInfo struct {
			Height     quoted `json:"latest_block_height"`
			CatchingUp bool   `json:"catching_up"`
		} `json:"sync_info"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return Status{}, "", err
	}
	if s.SyncInfo.Height < 0 {
		return Status{}, "", fmt.Errorf("latest_block_height %d", s.SyncInfo.Height)
	}
	return Status{NodeID: clip(s.NodeInfo.ID), Height: int64(s.SyncInfo.Height), CatchingUp: s.SyncInfo.CatchingUp}, s.NodeInfo.Network, nil
}

// quoted is a 64-bit integer that stands in JSON as a string, or as a number.
type quoted int64

// UnmarshalJSON reads either form.
func (q *quoted) UnmarshalJSON(b []byte) error {
	if len(b) >= 2 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	if string(b) == "null" || len(b) == 0 {
		return nil
	}
	v, err := strconv.ParseInt(string(b), 10, 64)
	*q = quoted(v)
	return err
}

func heightParam(height int64) url.Values {
	return url.Values{"height": {strconv.FormatInt(height, 10)}}
}

// Header asks for the bare header of a height, to compare its hash.
func (n *Node) Header(ctx context.Context, height int64) (*types.Header, error) {
	raw, err := n.call(ctx, Header, "header", heightParam(height), maxSmall, smallTimeout)
	if err != nil {
		return nil, err
	}
	header, err := decodeHeader(raw)
	if err != nil {
		return nil, Wrong(n.URL(), Header, "%w", err)
	}
	if header == nil {
		return nil, failure(n.URL(), Header, ErrNotYet, "no header of height %d", height)
	}
	if err := n.checkHeader(header, height); err != nil {
		return nil, err
	}
	return header, nil
}

func (n *Node) checkHeader(header *types.Header, height int64) error {
	if header.ChainID != n.chainID {
		return Wrong(n.URL(), ChainID, "header of chain %q; want %q", clip(header.ChainID), n.chainID)
	}
	if header.Height != height {
		return Wrong(n.URL(), Height, "header of height %d; asked for %d", header.Height, height)
	}
	if err := safely(header.ValidateBasic); err != nil {
		return Wrong(n.URL(), Header, "%w", err)
	}
	return nil
}

func decodeHeader(raw []byte) (header *types.Header, err error) {
	defer recovered(&err)
	var r struct {
		Header *types.Header `json:"header"`
	}
	if err := cmtjson.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return r.Header, nil
}

// SignedHeader asks for the header of a height with its commit. The signatures
// are not verified here.
func (n *Node) SignedHeader(ctx context.Context, height int64) (*types.SignedHeader, error) {
	raw, err := n.call(ctx, Header, "commit", heightParam(height), maxCommit, smallTimeout)
	if err != nil {
		return nil, err
	}
	signed, err := decodeCommit(raw)
	if err != nil {
		return nil, Wrong(n.URL(), Header, "%w", err)
	}
	if signed == nil || signed.IsEmpty() {
		return nil, failure(n.URL(), Header, ErrNotYet, "no commit of height %d", height)
	}
	if signed.Header == nil || signed.Commit == nil {
		return nil, Wrong(n.URL(), Header, "header or commit is missing")
	}
	if err := n.checkHeader(signed.Header, height); err != nil {
		return nil, err
	}
	if len(signed.Commit.Signatures) > maxValidators {
		return nil, Wrong(n.URL(), Header, "%d signatures; at most %d", len(signed.Commit.Signatures), maxValidators)
	}
	if err := safely(func() error { return signed.ValidateBasic(n.chainID) }); err != nil {
		return nil, Wrong(n.URL(), Header, "%w", err)
	}
	return signed, nil
}

func decodeCommit(raw []byte) (signed *types.SignedHeader, err error) {
	defer recovered(&err)
	var r struct {
		SignedHeader *types.SignedHeader `json:"signed_header"`
	}
	if err := cmtjson.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return r.SignedHeader, nil
}

// ValidatorSet asks for the validators of a height, page by page.
func (n *Node) ValidatorSet(ctx context.Context, height int64) (*types.ValidatorSet, error) {
	var all []*types.Validator
	for page, total := 1, 1; len(all) < total; page++ {
		params := heightParam(height)
		params.Set("page", strconv.Itoa(page))
		params.Set("per_page", "100")
		raw, err := n.call(ctx, Validators, "validators", params, maxPage, smallTimeout)
		if err != nil {
			return nil, err
		}
		got, err := decodeValidators(raw)
		if err != nil {
			return nil, Wrong(n.URL(), Validators, "%w", err)
		}
		total = int(got.Total)
		switch {
		case int64(got.BlockHeight) != height:
			return nil, Wrong(n.URL(), Height, "validators of height %d; asked for %d", got.BlockHeight, height)
		case got.Total <= 0 || got.Total > maxValidators:
			return nil, Wrong(n.URL(), Validators, "%d in total; want 1 to %d", got.Total, maxValidators)
		case len(got.Validators) == 0 || len(all)+len(got.Validators) > total:
			return nil, Wrong(n.URL(), Validators, "page %d has %d of %d", page, len(got.Validators), total)
		}
		all = append(all, got.Validators...)
	}
	set, err := newValidatorSet(all)
	if err != nil {
		return nil, Wrong(n.URL(), Validators, "%w", err)
	}
	return set, nil
}

type validatorsPage struct {
	BlockHeight quoted
	Validators  []*types.Validator
	Total       quoted
}

func decodeValidators(raw []byte) (page validatorsPage, err error) {
	defer recovered(&err)
	var r struct {
		BlockHeight int64              `json:"block_height"`
		Validators  []*types.Validator `json:"validators"`
		Total       int                `json:"total"`
	}
	if err := cmtjson.Unmarshal(raw, &r); err != nil {
		return page, err
	}
	return validatorsPage{quoted(r.BlockHeight), r.Validators, quoted(r.Total)}, nil
}

// newValidatorSet refuses what a set cannot be: a validator that stands twice
// would count twice.
func newValidatorSet(all []*types.Validator) (set *types.ValidatorSet, err error) {
	defer recovered(&err)
	seen := make(map[string]bool, len(all))
	for i, v := range all {
		if err := v.ValidateBasic(); err != nil {
			return nil, fmt.Errorf("validator %d: %w", i, err)
		}
		if v.VotingPower == 0 {
			return nil, fmt.Errorf("validator %d has no power", i)
		}
		if seen[string(v.Address)] {
			return nil, fmt.Errorf("validator %X stands twice", v.Address)
		}
		seen[string(v.Address)] = true
	}
	return types.ValidatorSetFromExistingValidators(all)
}

// LightBlock asks for header, commit and validators of a height. When known is
// the set that the header names, it is taken instead of asking; it may be nil.
func (n *Node) LightBlock(ctx context.Context, height int64, known *types.ValidatorSet) (*types.LightBlock, error) {
	signed, err := n.SignedHeader(ctx, height)
	if err != nil {
		return nil, err
	}
	set := known
	if set == nil || string(set.Hash()) != string(signed.ValidatorsHash) {
		if set, err = n.ValidatorSet(ctx, height); err != nil {
			return nil, err
		}
	}
	if string(set.Hash()) != string(signed.ValidatorsHash) {
		return nil, Wrong(n.URL(), Validators, "hash %X; the header says %X", set.Hash(), signed.ValidatorsHash)
	}
	return &types.LightBlock{SignedHeader: signed, ValidatorSet: set}, nil
}

// recovered turns a panic of a decoder into an error: bytes of a stranger must
// not end the process.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("cannot be decoded: %v", r)
	}
}

// safely runs a check of CometBFT's on what a stranger sent.
func safely(check func() error) (err error) {
	defer recovered(&err)
	return check()
}

var errNoValue = errors.New("empty value")
