package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// serveUpstream answers every request with a result of 300 bytes, at next to no cost.
func serveUpstream(address string) error {
	body := `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"` + strings.Repeat("x", 300-74) + `"}]}}`
	answer := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			from := bufio.NewReaderSize(conn, 16<<10)
			for {
				if _, err := readMessage(from); err != nil {
					return
				}
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}()
	}
}
