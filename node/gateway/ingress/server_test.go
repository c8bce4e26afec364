package ingress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMethodsPathsAndTypes(t *testing.T) {
	p := newPoint(t)
	for _, test := range []struct {
		method, path, kind, body string
		status                   int
		header, value            string
	}{
		{"GET", PathEvaluation, "", "", 405, "Allow", "POST"},
		{"PUT", PathEvaluations, "application/json", good, 405, "Allow", "POST"},
		{"OPTIONS", PathEvaluation, "", "", 405, "Allow", "POST"},
		{"POST", PathConfiguration, "application/json", "{}", 405, "Allow", "GET"},
		{"POST", PathHealth, "application/json", "{}", 405, "Allow", "GET"},
		{"DELETE", PathStatus, "", "", 405, "Allow", "GET"},
		{"POST", PathMetrics, "", "", 405, "Allow", "GET"},
		{"GET", "/", "", "", 404, "", ""},
		{"POST", PathEvaluation + "/", "application/json", good, 404, "", ""},
		{"POST", "/access//v1/evaluation", "application/json", good, 404, "", ""},
		{"POST", "/x/../access/v1/evaluation", "application/json", good, 404, "", ""},
		{"GET", "/debug/pprof/", "", "", 404, "", ""},
		{"GET", "/debug/vars", "", "", 404, "", ""},
		{"POST", PathEvaluation, "", good, 415, "Accept-Post", "application/json"},
		{"POST", PathEvaluation, "text/plain", good, 415, "Accept-Post", "application/json"},
		{"POST", PathEvaluation, "application/x-www-form-urlencoded", good, 415, "", ""},
		{"POST", PathEvaluation, "application/json; charset=latin1", good, 415, "", ""},
		{"POST", PathEvaluation, "application/jsonp", good, 415, "", ""},
		{"POST", PathEvaluation, "application/json; charset=UTF-8", good, 200, "Cache-Control", "no-store"},
		{"POST", PathEvaluation, "Application/JSON", good, 200, "", ""},
		{"GET", PathHealth, "", "", 200, "", ""},
		{"HEAD", PathHealth, "", "", 200, "", ""},
		{"GET", PathReady, "", "", 200, "", ""},
		{"GET", PathStatus, "", "", 200, "Content-Type", "application/json"},
		{"GET", PathMetrics, "", "", 200, "", ""},
	} {
		request, err := http.NewRequest(test.method, p.Server.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.kind != "" {
			request.Header.Set("Content-Type", test.kind)
		}
		request.Header.Set("X-Request-ID", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		name := test.method + " " + test.path + " " + test.kind
		if response.StatusCode != test.status {
			t.Errorf("%s: %d %s; want %d", name, response.StatusCode, body, test.status)
		}
		if test.header != "" && response.Header.Get(test.header) != test.value {
			t.Errorf("%s: %s is %q; want %q", name, test.header, response.Header.Get(test.header), test.value)
		}
		if got := response.Header.Get("X-Request-ID"); got != "bfe9eb29-ab87-4ca3-be83-a1d5d8305716" {
			t.Errorf("%s: X-Request-ID %q", name, got)
		}
	}
}

func TestACompressedBodyIsRefused(t *testing.T) {
	p := newPoint(t)
	request, _ := http.NewRequest("POST", p.Server.URL+PathEvaluation, strings.NewReader(good))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 415 {
		t.Errorf("%d; want 415", response.StatusCode)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	p := newPoint(t)
	padded := func(n int) string { return good + strings.Repeat(" ", n-len(good)) }
	for _, test := range []struct {
		size   int
		status int
	}{
		{len(good), 200}, {smallBody - 1, 200}, {smallBody, 200}, {smallBody + 1, 200}, {maxBody, 200}, {maxBody + 1, 413}, {2 * maxBody, 413},
	} {
		if status, answer, _ := p.post(t, PathEvaluation, padded(test.size)); status != test.status {
			t.Errorf("%d bytes: %d %.200s; want %d", test.size, status, answer, test.status)
		}
		// The same without a declared length.
		response, err := http.Post(p.Server.URL+PathEvaluation, "application/json", io.MultiReader(strings.NewReader(padded(test.size))))
		if err != nil {
			// The server may close before a body that is too large was sent.
			if test.status == 200 {
				t.Errorf("%d bytes in chunks: %v", test.size, err)
			}
			continue
		}
		response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%d bytes in chunks: %d; want %d", test.size, response.StatusCode, test.status)
		}
	}
}

func TestABodyThatBreaksOffIsNoRequest(t *testing.T) {
	p := newPoint(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.Server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", PathEvaluation, len(good)+10, good)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("%d; want 400", response.StatusCode)
	}
}

func TestMetricsNameNoDevice(t *testing.T) {
	p := newPoint(t)
	p.post(t, PathEvaluation, ask(1, "get", "http", "/plant/a"))
	p.post(t, PathEvaluation, ask(2, "get", "http", "/plant/a"))
	p.post(t, PathEvaluation, "{")
	response, err := http.Get(p.Server.URL + PathMetrics)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`hallmark_gateway_decisions_total{decision="allow",point="authzen",reason="allowed"} 1`,
		`hallmark_gateway_decisions_total{decision="deny",point="authzen",reason="grant_revoked"} 1`,
		`hallmark_gateway_decisions_total{decision="deny",point="authzen",reason="bad_request"} 1`,
		`hallmark_gateway_decision_duration_seconds_count{point="authzen"} 3`,
	} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Contains(string(body), "did:") {
		t.Error("a device is named")
	}
}

// serve runs a Server until the test ends and returns how to reach it.
func serve(t *testing.T, s *Server, network, address string) (net.Addr, func() error) {
	t.Helper()
	listener, err := Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return listener.Addr(), stop
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

func TestShutdownLetsRequestsEnd(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := &Server{MaxConnections: 4, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		fmt.Fprint(w, "done")
	})}
	addr, stop := serve(t, s, "tcp", "127.0.0.1:0")
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + addr.String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		b, _ := io.ReadAll(response.Body)
		answer <- string(b)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("the request ended with %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("%v", err)
	}
	if conn, err := net.Dial("tcp", addr.String()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}

// Whoever only holds connections open keeps nobody out.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	addr, _ := serve(t, &Server{MaxConnections: 3, Handler: hello}, "tcp", "127.0.0.1:0")
	var held []net.Conn
	for range 10 {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
	}
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 5 {
		response, err := client.Get("http://" + addr.String())
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	if took := time.Since(began); took > headerTimeout {
		t.Errorf("it took %s: until the idle ones ran out of time by themselves", took)
	}
	// The first ones were closed for those that came after.
	if _, err := held[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the oldest idle connection: %v; want it closed", err)
	}
}

func TestConnectionsAtWorkAreKept(t *testing.T) {
	entered, leave := make(chan struct{}, 8), make(chan struct{})
	s := &Server{MaxConnections: 2, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-leave
	})}
	addr, _ := serve(t, s, "tcp", "127.0.0.1:0")
	results := make(chan error, 4)
	for range 4 {
		go func() {
			response, err := http.Get("http://" + addr.String())
			if err == nil {
				response.Body.Close()
			}
			results <- err
		}()
	}
	<-entered
	<-entered
	select {
	case <-entered:
		t.Error("a third request is at work; want two")
	case <-time.After(100 * time.Millisecond):
	}
	close(leave)
	for range 4 {
		if err := <-results; err != nil {
			t.Errorf("a request was lost: %v", err)
		}
	}
}

func TestASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.sock")
	_, stop := serve(t, &Server{MaxConnections: 4, Handler: hello}, "unix", path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v; want mode 0660", info, err)
	}
	if l, err := Listen("unix", path); err == nil {
		l.Close()
		t.Error("a socket in use was taken over")
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	response, err := client.Get("http://gateway/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}

	// What a killed gateway leaves behind is replaced; what is no socket is not.
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	l, err := Listen("unix", path)
	if err != nil {
		t.Fatalf("a socket left behind: %v", err)
	}
	l.Close()
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen("unix", path); err == nil {
		l.Close()
		t.Error("a file was replaced")
	}
}

// authority issues certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) issue(t *testing.T) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestMutualTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	addr, _ := serve(t, &Server{MaxConnections: 8, Handler: hello, TLS: &tls.Config{
		Certificates: []tls.Certificate{ours.issue(t)}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}}, "tcp", "127.0.0.1:0")
	for _, test := range []struct {
		name  string
		certs []tls.Certificate
		ok    bool
	}{
		{"of the authority", []tls.Certificate{ours.issue(t)}, true},
		{"of another authority", []tls.Certificate{others.issue(t)}, false},
		{"none", nil, false},
	} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: test.certs}}
		response, err := (&http.Client{Transport: transport}).Get("https://" + addr.String())
		if (err == nil) != test.ok {
			t.Errorf("a caller with a certificate %s: %v", test.name, err)
		}
		if err == nil {
			response.Body.Close()
		}
		transport.CloseIdleConnections()
	}
}

func TestAPanicIsAnswered(t *testing.T) {
	var log bytes.Buffer
	h := NewHandler(Options{Ready: func() error { panic("broken") }, Metrics: nil, Log: slog.New(slog.NewTextHandler(&log, nil))})
	addr, _ := serve(t, &Server{MaxConnections: 2, Handler: h}, "tcp", "127.0.0.1:0")
	response, err := http.Get("http://" + addr.String() + PathReady)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 500 || !strings.Contains(log.String(), "broken") {
		t.Errorf("%d, log %s", response.StatusCode, log.String())
	}
}
