package keeper

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Grant implements types.QueryServer.
func (q Querier) Grant(ctx context.Context, req *types.QueryGrantRequest) (*types.QueryGrantResponse, error) {
	if _, err := q.segment(ctx, req.GetSegment()); err != nil {
		return nil, err
	}
	entry, err := q.entry(ctx, req.Segment, req.Id)
	if err != nil {
		return nil, refused("id", err)
	}
	return &types.QueryGrantResponse{Entry: entry}, nil
}

// entry is a grant with what its key says.
func (k Keeper) entry(ctx context.Context, segment string, id uint64) (types.GrantEntry, error) {
	subject, g, err := k.grant(ctx, segment, id)
	if err != nil {
		return types.GrantEntry{}, err
	}
	return types.GrantEntry{Id: id, Segment: segment, Subject: identity.ID(subject), Grant: g}, nil
}

// Grants implements types.QueryServer.
func (q Querier) Grants(ctx context.Context, req *types.QueryGrantsRequest) (*types.QueryGrantsResponse, error) {
	if err := bound(req.GetPagination()); err != nil {
		return nil, err
	}
	if _, err := q.segment(ctx, req.GetSegment()); err != nil {
		return nil, err
	}
	wanted, err := grantFilter(req)
	if err != nil {
		return nil, err
	}
	resp := new(types.QueryGrantsResponse)
	// The filter has read the entry; the transformation takes it over.
	var read types.GrantEntry
	keep := func(id uint64) (bool, error) {
		var err error
		if read, err = q.entry(ctx, req.Segment, id); err != nil {
			return false, err
		}
		return wanted(&read.Grant), nil
	}
	if req.Subject != "" {
		subject, err := identity.ParseID(req.Subject)
		if err != nil {
			return nil, refused("subject", err)
		}
		type key = collections.Triple[[]byte, string, uint64]
		prefix := collections.TripleSuperPrefix[[]byte, string, uint64](subject[:], req.Segment)
		resp.Grants, resp.Pagination, err = query.CollectionFilteredPaginate(ctx, q.given, req.Pagination,
			func(k key, _ collections.NoValue) (bool, error) { return keep(k.K3()) },
			func(key, collections.NoValue) (types.GrantEntry, error) { return read, nil },
			func(o *query.CollectionsPaginateOptions[key]) { o.Prefix = &prefix })
		return resp, err
	}
	resp.Grants, resp.Pagination, err = query.CollectionFilteredPaginate(ctx, q.subjects, req.Pagination,
		func(k grantID, _ []byte) (bool, error) { return keep(k.K2()) },
		func(grantID, []byte) (types.GrantEntry, error) { return read, nil },
		query.WithCollectionPaginationPairPrefix[string, uint64](req.Segment))
	return resp, err
}

// grantFilter tells which grants a request asks for.
func grantFilter(req *types.QueryGrantsRequest) (func(*access.Grant) bool, error) {
	if req.Resource != "" {
		if err := access.ValidateFilter(req.Resource); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "resource: %.80q: %v", req.Resource, err)
		}
	}
	if req.Issuer != "" {
		if err := consortium.ValidateID(req.Issuer); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "issuer: %v", err)
		}
	}
	return func(g *access.Grant) bool {
		if req.Issuer != "" && g.Issuer != req.Issuer {
			return false
		}
		if req.ExpiringBefore != nil && g.NotAfter >= req.ExpiringBefore.Unix() {
			return false
		}
		return req.Resource == "" || covers(g.Resources, req.Resource)
	}, nil
}

// covers tells whether a pattern covers a resource or filter.
func covers(patterns []string, resource string) bool {
	for _, p := range patterns {
		if access.Contains(p, resource) {
			return true
		}
	}
	return false
}

// attributes reads the context of a request.
func attributes(context []types.Attribute) ([]access.Attribute, error) {
	out := make([]access.Attribute, 0, len(context))
	for i := range context {
		a := access.Attribute{Name: strings.Clone(context[i].Name)}
		switch v := context[i].Value.(type) {
		case *types.Attribute_Text:
			a.Kind, a.Text = access.KindText, v.Text
		case *types.Attribute_Number:
			a.Kind, a.Number = access.KindNumber, v.Number
		case *types.Attribute_Truth:
			a.Kind, a.Truth = access.KindTruth, v.Truth
		default:
			return nil, status.Errorf(codes.InvalidArgument, "context[%d]: no value", i)
		}
		out = append(out, a)
	}
	out, err := access.NewContext(out)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "context: %v", err)
	}
	return out, nil
}
