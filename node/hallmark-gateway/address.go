package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/hallmark-ledger/hallmark/node/gateway/config"
)

// serverTLS is how callers are served; nil for plain HTTP.
func serverTLS(d config.Decision) (*tls.Config, error) {
	if d.Certificate == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(d.Certificate, d.Key)
	if err != nil {
		return nil, fmt.Errorf("decision.certificate: %w", err)
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{"http/1.1"},
	}
	if d.ClientCA == "" {
		return c, nil
	}
	authority, err := os.ReadFile(d.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("decision.client_ca: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("decision.client_ca: %s holds no certificate in PEM", d.ClientCA)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	return c, nil
}

// callerTLS is how a command asks the gateway of its own home: the server must
// show the very certificate that is configured.
func callerTLS(d config.Decision, certificate, key string) (*tls.Config, error) {
	if d.Certificate == "" {
		return nil, nil
	}
	file, err := os.ReadFile(d.Certificate)
	if err != nil {
		return nil, fmt.Errorf("decision.certificate: %w", err)
	}
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, fmt.Errorf("decision.certificate: %s holds no certificate in PEM", d.Certificate)
	}
	c := &tls.Config{
		MinVersion: tls.VersionTLS13,
		// The certificate is compared byte by byte below: stricter than a name
		// and a chain, and it works by whatever address the gateway is reached.
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(shown [][]byte, _ [][]*x509.Certificate) error {
			if len(shown) == 0 || !bytes.Equal(shown[0], block.Bytes) {
				return errors.New("the server does not show the certificate in decision.certificate")
			}
			return nil
		},
	}
	if (certificate == "") != (key == "") {
		return nil, usage("--certificate and --key: one without the other")
	}
	if certificate != "" {
		own, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("--certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}

// publicURL is the address by which callers know the gateway.
func publicURL(d config.Decision, listening net.Addr) string {
	if d.URL != "" {
		return d.URL
	}
	scheme := "http"
	if d.Certificate != "" {
		scheme = "https"
	}
	if network, _ := d.Network(); network == "unix" {
		return scheme + "://localhost"
	}
	return scheme + "://" + listening.String()
}
