package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/node/gateway/config"
)

// errNobody means that no gateway runs at the configured address.
var errNobody = errors.New("no gateway answers")

// askWait bounds one question to the running gateway.
const askWait = 10 * time.Second

// maxAnswer bounds its answer.
const maxAnswer = 16 << 20

// caller asks the gateway that runs on a home.
type caller struct {
	client *http.Client
	base   string
	name   string // of the address, for people
}

// addCaller adds the flags of a command that asks.
func addCaller(cmd *cobra.Command) {
	cmd.Flags().String("certificate", "", "PEM file of a certificate to show, where decision.client_ca asks for one")
	cmd.Flags().String("key", "", "PEM file of its key")
}

func newCaller(cmd *cobra.Command, d config.Decision) (*caller, error) {
	certificate, _ := cmd.Flags().GetString("certificate")
	key, _ := cmd.Flags().GetString("key")
	tls, err := callerTLS(d, certificate, key)
	if err != nil {
		return nil, err
	}
	network, address := d.Network()
	if network == "tcp" {
		address = dialled(address)
	}
	transport := &http.Transport{
		TLSClientConfig:   tls,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	c := &caller{client: &http.Client{Transport: transport, Timeout: askWait}, base: "http://localhost", name: d.Address}
	if tls != nil {
		c.base = "https://localhost"
	}
	return c, nil
}

// dialled is the address at which a listening address is reached from here.
func dialled(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

// ask sends a request; errNobody when nothing listens. The body is nil for GET.
func (c *caller) ask(ctx context.Context, path string, body []byte) (status int, answer []byte, err error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return 0, nil, fmt.Errorf("%w at %s", errNobody, c.name)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("ask the gateway at %s: %w", c.name, err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("ask the gateway at %s: %w", c.name, err)
	}
	return response.StatusCode, answer, nil
}
