package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Bounds of connections. A caller that is slow loses its connection, not the
// others theirs.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 16 << 10
	drainTimeout  = 5 * time.Second
)

// Listen opens an address for callers. A socket that a gateway left behind when
// it was killed is replaced; one that is in use is not.
func Listen(network, address string) (net.Listener, error) {
	if network != "unix" {
		return net.Listen(network, address)
	}
	if info, err := os.Lstat(address); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("listen on %s: it exists and is no socket", address)
		}
		if conn, err := net.DialTimeout("unix", address, time.Second); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("listen on %s: another process serves it", address)
		}
		if err := os.Remove(address); err != nil {
			return nil, fmt.Errorf("remove the socket left behind: %w", err)
		}
	}
	listener, err := net.Listen("unix", address)
	if err != nil {
		return nil, err
	}
	// The owner and its group; who else may ask is the folder's concern.
	if err := os.Chmod(address, 0o660); err != nil {
		_ = listener.Close()
		return nil, err
	}
	return listener, nil
}

// Server serves a handler on a listener.
type Server struct {
	Handler http.Handler
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// MaxConnections at once; beyond, idle ones are closed, then new ones wait.
	MaxConnections int
	Log            *slog.Logger
}

// Serve answers until ctx ends, then lets the requests in flight end, for a few
// seconds. It returns nil after such an end.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	gate := newGate(listener, s.MaxConnections)
	listener = gate
	if s.TLS != nil {
		listener = tls.NewListener(listener, s.TLS)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           s.Handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         gate.observe,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve decisions: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve decisions: %w", err)
	}
	return nil
}
