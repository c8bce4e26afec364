package feedcli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

// node answers from a feed of 12 records, five a page. Its chain makes a block
// with every question, so an answer without a height is of another one.
type node struct {
	types.UnimplementedQueryServer
	height  int64
	silent  bool    // does not say its height
	stuck   bool    // its next page is the same again
	heights []int64 // asked for, 0: the latest
}

const records = 12

func (n *node) at(ctx context.Context) int64 {
	n.height++
	height := n.height
	asked := int64(0)
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		if h := md.Get(grpctypes.GRPCBlockHeightHeader); len(h) > 0 {
			asked, _ = strconv.ParseInt(h[0], 10, 64)
			height = asked
		}
	}
	n.heights = append(n.heights, asked)
	if !n.silent {
		_ = grpc.SetHeader(ctx, metadata.Pairs(grpctypes.GRPCBlockHeightHeader, strconv.FormatInt(height, 10)))
	}
	return height
}

func (n *node) Head(ctx context.Context, req *feed.HeadRequest) (*feed.HeadResponse, error) {
	if req.Name != "members" {
		return nil, status.Error(codes.NotFound, "rpc error: code = NotFound desc = feed unknown")
	}
	return &feed.HeadResponse{Head: feed.Head{Name: req.Name, Height: n.at(ctx)}}, nil
}

func (n *node) Records(ctx context.Context, req *feed.RecordsRequest) (*feed.RecordsResponse, error) {
	resp := &feed.RecordsResponse{Head: feed.Head{Name: req.Name, Height: n.at(ctx)}}
	from := 0
	if len(req.PageKey) > 0 {
		from, _ = strconv.Atoi(string(req.PageKey))
	}
	to := min(from+int(min(req.Limit, 5)), records)
	for i := from; i < to; i++ {
		resp.Records = append(resp.Records, feed.Record{Key: fmt.Appendf(nil, "%02d", i)})
	}
	if n.stuck {
		to = from
	}
	if to < records {
		resp.Pagination.NextKey = fmt.Appendf(nil, "%02d", to)
	}
	return resp, nil
}

func (n *node) Changes(ctx context.Context, req *feed.ChangesRequest) (*feed.ChangesResponse, error) {
	n.at(ctx)
	to := min(req.Since+min(req.Limit, 5), records)
	resp := &feed.ChangesResponse{From: req.Since, To: to}
	for s := req.Since + 1; s <= to; s++ {
		resp.Changes = append(resp.Changes, feed.Change{Sequence: s, Key: []byte{byte(s)}})
	}
	return resp, nil
}

func (n *node) Heads(ctx context.Context, req *types.HeadsRequest) (*types.HeadsResponse, error) {
	height := n.at(ctx)
	resp := &types.HeadsResponse{}
	for i, name := range []string{"a", "b", "c"} {
		if string(req.PageKey) <= name {
			resp.Heads = append(resp.Heads, feed.Head{Name: name, Height: height})
			if i < 2 {
				resp.Pagination.NextKey = []byte{name[0] + 1}
			}
			break
		}
	}
	return resp, nil
}

// run runs a command line against the node and decodes its JSON into out.
func run(t *testing.T, n *node, out any, args ...string) error {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	types.RegisterQueryServer(server, n)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///node",
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec.NewProtoCodec(codectypes.NewInterfaceRegistry()).GRPCCodec())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })

	var stdout bytes.Buffer
	c := client.Context{}.WithGRPCClient(conn).WithOutput(&stdout).
		WithCodec(codec.NewProtoCodec(codectypes.NewInterfaceRegistry()))
	cmd := QueryCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append(args, "-o", "json"))
	cmd.SetContext(context.WithValue(context.Background(), client.ClientContextKey, &c))
	if err := cmd.Execute(); err != nil {
		return err
	}
	if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
		t.Fatalf("%s: %v", stdout.Bytes(), err)
	}
	return nil
}

type listing struct {
	Head    struct{ Height string }
	Records []struct{ Key string }
	From    string
	To      string
	Changes []struct{ Sequence string }
	Heads   []struct{ Name, Height string }

	Pagination struct {
		NextKey string `json:"next_key"`
	}
}

func TestAllPagesAreOfOneHeight(t *testing.T) {
	n := &node{height: 100}
	var got listing
	if err := run(t, n, &got, "records", "members"); err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != records || got.Head.Height != "101" || got.Pagination.NextKey != "" {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(n.heights, []int64{0, 101, 101}) {
		t.Errorf("asked at %v", n.heights)
	}

	n = &node{height: 100}
	got = listing{}
	if err := run(t, n, &got, "changes", "members", "--since", "1"); err != nil {
		t.Fatal(err)
	}
	if len(got.Changes) != records-1 || got.From != "1" || got.To != "12" || n.heights[1] != 101 {
		t.Errorf("%+v at %v", got, n.heights)
	}

	n = &node{height: 100}
	got = listing{}
	if err := run(t, n, &got, "heads"); err != nil {
		t.Fatal(err)
	}
	if len(got.Heads) != 3 || got.Heads[2].Height != "101" {
		t.Errorf("%+v at %v", got, n.heights)
	}
}

func TestTheHeightAskedForIsKept(t *testing.T) {
	for _, args := range [][]string{{"head", "members"}, {"records", "members"}, {"changes", "members"}, {"heads"}} {
		n := &node{height: 100}
		if err := run(t, n, new(listing), append(args, "--height", "7")...); err != nil {
			t.Fatal(err)
		}
		for _, h := range n.heights {
			if h != 7 {
				t.Errorf("%v: asked at %v", args, n.heights)
			}
		}
	}
}

func TestALimitEndsAListing(t *testing.T) {
	var got listing
	if err := run(t, &node{}, &got, "records", "members", "--limit", "7", "--page-key", "MDI="); err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != 7 || got.Records[0].Key != "MDI=" || got.Pagination.NextKey != "MDk=" {
		t.Errorf("%+v", got)
	}
	got = listing{}
	if err := run(t, &node{}, &got, "changes", "members", "--limit", "7"); err != nil {
		t.Fatal(err)
	}
	if len(got.Changes) != 7 || got.To != "7" {
		t.Errorf("%+v", got)
	}
	got = listing{}
	if err := run(t, &node{}, &got, "heads", "--limit", "2"); err != nil {
		t.Fatal(err)
	}
	if len(got.Heads) != 2 || got.Pagination.NextKey != "Yw==" {
		t.Errorf("%+v", got)
	}
}

func TestCommandsFail(t *testing.T) {
	for _, c := range []struct {
		node *node
		want string
		args []string
	}{
		{&node{}, "feed unknown", []string{"head", "segment/acme/none"}},
		{&node{}, "--page-key", []string{"records", "members", "--page-key", "?"}},
		{&node{}, "--since", []string{"changes", "members", "--since", "-1"}},
		{&node{}, "accepts 1 arg", []string{"records"}},
		{&node{}, "unknown command", []string{"heads", "members"}},
		{&node{silent: true}, "height", []string{"records", "members"}},
		{&node{stuck: true}, "next page", []string{"records", "members", "--page-key", "MDI="}},
	} {
		err := run(t, c.node, new(listing), c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "desc =") {
			t.Errorf("%v: %v; want %q", c.args, err, c.want)
		}
	}
}
