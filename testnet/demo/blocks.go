package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hallmark-ledger/hallmark/testnet/await"
	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// Blocks notes when a node announced each block, by our own clock.
type Blocks struct {
	mu   sync.Mutex
	at   map[int64]time.Time
	conn *websocket.Conn
	err  error
}

// WatchBlocks subscribes to the blocks of a node. Close it.
func WatchBlocks(ctx context.Context, rpc string) (*Blocks, error) {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(rpc, "http")+"/websocket", nil)
	if err != nil {
		return nil, fmt.Errorf("events of %s: %w", rpc, err)
	}
	err = conn.WriteJSON(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": map[string]string{"query": "tm.event='NewBlockHeader'"}})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	b := &Blocks{at: map[int64]time.Time{}, conn: conn}
	go b.read()
	return b, nil
}

func (b *Blocks) read() {
	for {
		var event struct {
			Result struct {
				Data struct {
					Value struct {
						Header struct {
							Height network.Int64 `json:"height"`
						} `json:"header"`
					} `json:"value"`
				} `json:"data"`
			} `json:"result"`
		}
		err := b.conn.ReadJSON(&event)
		now := time.Now()
		b.mu.Lock()
		if err != nil {
			b.err = err
		} else if height := int64(event.Result.Data.Value.Header.Height); height > 0 {
			b.at[height] = now
		}
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Close ends the subscription.
func (b *Blocks) Close() error { return b.conn.Close() }

// Announced waits until a block was announced and returns when.
func (b *Blocks) Announced(ctx context.Context, height int64) (time.Time, error) {
	var at time.Time
	err := await.Within(ctx, 10*time.Second, fmt.Sprintf("the event of block %d", height), func(context.Context) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		var found bool
		if at, found = b.at[height]; found {
			return nil
		}
		if b.err != nil {
			return await.Permanent{Err: b.err}
		}
		return fmt.Errorf("%d blocks so far", len(b.at))
	})
	return at, err
}

// Interval is the median time between two blocks.
func (b *Blocks) Interval() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	var intervals []time.Duration
	for height, at := range b.at {
		if before, found := b.at[height-1]; found {
			intervals = append(intervals, at.Sub(before))
		}
	}
	if len(intervals) == 0 {
		return 0
	}
	slices.Sort(intervals)
	return intervals[len(intervals)/2]
}
