package network

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken below the range from which the kernel picks ports for
// outgoing connections, so that none is lost between choosing and listening.
const (
	lowestPort  = 20000
	highestPort = 32000
)

const loopback = "127.0.0.1"

// freePorts picks n ports of the loopback interface that nothing listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	taken := map[int]bool{}
	for range 50 * (n + 10) {
		if len(ports) == n {
			return ports, nil
		}
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if !taken[port] && portFree(port) {
			ports = append(ports, port)
			taken[port] = true
		}
	}
	return nil, fmt.Errorf("no %d free ports on %s between %d and %d", n, loopback, lowestPort, highestPort)
}

func portFree(port int) bool {
	listener, err := net.Listen("tcp", hostPort(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func httpURL(port int) string { return "http://" + hostPort(port) }
