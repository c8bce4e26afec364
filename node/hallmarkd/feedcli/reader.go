package feedcli

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/cosmos/cosmos-sdk/client"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

// reader asks a node, all its questions at one height: the one that the user
// named, else the one at which the first was answered.
type reader struct {
	ctx    context.Context
	client client.Context
	query  types.QueryClient
	height int64
}

func newReader(ctx context.Context, c client.Context) *reader {
	return &reader{ctx: ctx, client: c, query: types.NewQueryClient(c), height: c.Height}
}

// ask puts one question. The height travels as metadata, which both ways to a
// node understand, RPC and gRPC.
func (r *reader) ask(call func(context.Context, ...grpc.CallOption) error) error {
	ctx := r.ctx
	if r.height > 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, grpctypes.GRPCBlockHeightHeader, strconv.FormatInt(r.height, 10))
	}
	var header metadata.MD
	if err := call(ctx, grpc.Header(&header)); err != nil {
		return plain(err)
	}
	if r.height > 0 {
		return nil
	}
	if heights := header.Get(grpctypes.GRPCBlockHeightHeader); len(heights) > 0 {
		height, err := strconv.ParseInt(heights[0], 10, 64)
		if err != nil || height <= 0 {
			return errors.New("the node names height " + strconv.Quote(heights[0]) + ", which is none")
		}
		r.height = height
	}
	return nil
}

// further fails when the next page would not be of the same height, or when the
// last one did not move on.
func (r *reader) further(moved bool) error {
	switch {
	case r.height <= 0:
		return errors.New("the node did not say the height of its answer, so further pages might be of another; use --height")
	case !moved:
		return errors.New("the node's next page is not after its last")
	}
	return nil
}

// plain is what the node said, without the layers of transport around it.
func plain(err error) error {
	text := err.Error()
	for {
		if _, said, ok := strings.Cut(text, "desc = "); ok && strings.HasPrefix(text, "rpc error: code = ") {
			text = said
			continue
		}
		return errors.New(text)
	}
}
