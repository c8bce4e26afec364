package source

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxEvent   = 32 << 20 // read through, never held
	wakeEvery  = 100 * time.Millisecond
	silenceEnd = 75 * time.Second // CometBFT pings every 27 s
)

// Subscribe calls wake after each new block that the node announces, at most
// ten times a second, until ctx ends or the connection does. An announcement
// is a hint to look, and nothing of it is read.
func (n *Node) Subscribe(ctx context.Context, wake func()) error {
	target := *n.base
	target.Scheme = map[string]string{"http": "ws", "https": "wss"}[target.Scheme]
	target.Path += "/websocket"
	header := http.Header{}
	if target.User != nil {
		r := http.Request{Header: header}
		password, _ := target.User.Password()
		r.SetBasicAuth(target.User.Username(), password)
		target.User = nil
	}
	dialer := websocket.Dialer{HandshakeTimeout: smallTimeout, ReadBufferSize: 4096, WriteBufferSize: 1024}
	conn, resp, err := dialer.DialContext(ctx, target.String(), header)
	if resp != nil && resp.Body != nil {
		resp.Body.Close()
	}
	if err != nil {
		return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	conn.SetReadLimit(maxEvent)
	alive := func() { _ = conn.SetReadDeadline(time.Now().Add(silenceEnd)) }
	ping := conn.PingHandler()
	conn.SetPingHandler(func(data string) error { alive(); return ping(data) })
	alive()
	_ = conn.SetWriteDeadline(time.Now().Add(smallTimeout))
	if err := conn.WriteJSON(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "subscribe",
		"params": map[string]string{"query": "tm.event='NewBlockHeader'"},
	}); err != nil {
		return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", err)
	}
	if err := n.subscribed(conn); err != nil {
		return err
	}
	for {
		_, r, err := conn.NextReader()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", err)
		}
		alive()
		wake()
		// Not reading is what slows a flood down.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wakeEvery):
		}
	}
}

func (n *Node) subscribed(conn *websocket.Conn) error {
	_, r, err := conn.NextReader()
	if err != nil {
		return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(r, maxSmall))
	if err != nil {
		return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return Wrong(n.URL(), Body, "subscription: %w", err)
	}
	if e.Error != nil {
		return failure(n.URL(), Header, ErrUnavailable, "subscription: %w", errors.New(clip(e.Error.Message+": "+e.Error.Data)))
	}
	return nil
}
