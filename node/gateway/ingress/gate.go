package ingress

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// gate is a listener that holds at most so many connections. When it is full,
// the connection that has been idle for the longest time is closed for a new
// one, so that a caller which only holds connections open keeps nobody out;
// only while all are at work, a new one waits.
type gate struct {
	net.Listener
	places chan struct{}

	mu    sync.Mutex
	idle  *list.List // of idler, longest first
	where map[net.Conn]*list.Element
}

// idler is a connection without a request.
type idler struct {
	conn net.Conn
	// until is when it may be closed: one that is new gets the time to send
	// its first request.
	until time.Time
}

const (
	// firstRequest is how long a new connection is left alone when others wait.
	firstRequest = time.Second
	// lookAgain is how often a connection that waits looks for a place.
	lookAgain = 50 * time.Millisecond
)

func newGate(listener net.Listener, most int) *gate {
	return &gate{
		Listener: listener,
		places:   make(chan struct{}, max(1, most)),
		idle:     list.New(),
		where:    make(map[net.Conn]*list.Element),
	}
}

// Accept takes a connection and then finds it a place.
func (g *gate) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	for wait := time.Duration(0); !g.enter(wait); wait = lookAgain {
		g.makeRoom()
	}
	return &placed{Conn: conn, free: sync.OnceFunc(func() { <-g.places })}, nil
}

// enter takes a place, or gives up after a while.
func (g *gate) enter(wait time.Duration) bool {
	select {
	case g.places <- struct{}{}:
		return true
	default:
	}
	if wait == 0 {
		return false
	}
	select {
	case g.places <- struct{}{}:
		return true
	case <-time.After(wait):
		return false
	}
}

// observe is the server's hook for the state of a connection.
func (g *gate) observe(conn net.Conn, state http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e, ok := g.where[conn]; ok {
		g.idle.Remove(e)
		delete(g.where, conn)
	}
	switch state {
	case http.StateNew:
		g.where[conn] = g.idle.PushBack(idler{conn, time.Now().Add(firstRequest)})
	case http.StateIdle:
		g.where[conn] = g.idle.PushBack(idler{conn, time.Time{}})
	}
}

// makeRoom closes the connection that has been idle longest, if there is one.
func (g *gate) makeRoom() {
	now := time.Now()
	g.mu.Lock()
	var conn net.Conn
	for e := g.idle.Front(); e != nil && conn == nil; e = e.Next() {
		if i := e.Value.(idler); now.After(i.until) {
			conn = i.conn
			g.idle.Remove(e)
			delete(g.where, conn)
		}
	}
	g.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

// placed gives its place back when it is closed.
type placed struct {
	net.Conn
	free func()
}

func (p *placed) Close() error {
	defer p.free()
	return p.Conn.Close()
}
