package ingress

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// gate is a listener that holds at most so many connections. When it is full,
// the connection that has been waiting for a request for the longest time is
// closed for a new one, so that a caller which only holds connections open
// keeps nobody out; only if all are at work, a new one waits.
type gate struct {
	net.Listener
	places chan struct{}

	mu      sync.Mutex
	waiting *list.List // of net.Conn, longest first
	where   map[net.Conn]*list.Element
}

func newGate(listener net.Listener, most int) *gate {
	return &gate{
		Listener: listener,
		places:   make(chan struct{}, max(1, most)),
		waiting:  list.New(),
		where:    make(map[net.Conn]*list.Element),
	}
}

// Accept takes a connection and then finds it a place.
func (g *gate) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case g.places <- struct{}{}:
	default:
		g.closeLongest()
		g.places <- struct{}{}
	}
	return &placed{Conn: conn, free: sync.OnceFunc(func() { <-g.places })}, nil
}

// observe is the server's hook for the state of a connection.
func (g *gate) observe(conn net.Conn, state http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e, ok := g.where[conn]; ok {
		g.waiting.Remove(e)
		delete(g.where, conn)
	}
	if state == http.StateNew || state == http.StateIdle {
		g.where[conn] = g.waiting.PushBack(conn)
	}
}

func (g *gate) closeLongest() {
	g.mu.Lock()
	var conn net.Conn
	if e := g.waiting.Front(); e != nil {
		conn = e.Value.(net.Conn)
		g.waiting.Remove(e)
		delete(g.where, conn)
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
