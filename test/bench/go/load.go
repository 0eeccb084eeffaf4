package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

type outcome struct {
	Requests  int     `json:"requests"`
	Seconds   float64 `json:"seconds"`
	Errors    int     `json:"errors"`
	FirstText string  `json:"firstError,omitempty"`
	P50Micros int64   `json:"p50Micros"`
	P99Micros int64   `json:"p99Micros"`
}

type worker struct {
	micros []int64
	errors int
	first  string
}

// load keeps that many connections busy with one call of a tool after the other, and prints what came of it.
// An empty session is none.
func load(address string, connections int, duration time.Duration, status int, session string) {
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"` + strings.Repeat("q", 100) + `","limit":10},"_meta":{"progressToken":7}}}`
	if session != "" {
		session = "Mcp-Session-Id: " + session + "\r\n"
	}
	request := []byte(fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"+
		"MCP-Protocol-Version: 2025-11-25\r\n%sUser-Agent: bench\r\nContent-Length: %d\r\n\r\n%s", address, session, len(body), body))
	wanted := "HTTP/1.1 " + strconv.Itoa(status) + " "
	workers := make([]worker, connections)
	var all sync.WaitGroup
	start := time.Now()
	for index := range workers {
		all.Go(func() { workers[index].run(address, request, wanted, start.Add(duration)) })
	}
	all.Wait()
	report(workers, time.Since(start))
}

func (w *worker) run(address string, request []byte, wanted string, end time.Time) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		w.errors, w.first = 1, err.Error()
		return
	}
	defer conn.Close()
	from := bufio.NewReaderSize(conn, 16<<10)
	for {
		sent := time.Now()
		if sent.After(end) {
			return
		}
		if _, err := conn.Write(request); err != nil {
			w.errors, w.first = w.errors+1, err.Error()
			return
		}
		line, err := readMessage(from)
		if err != nil {
			w.errors, w.first = w.errors+1, err.Error()
			return
		}
		if !strings.HasPrefix(line+" ", wanted) {
			w.errors, w.first = w.errors+1, line
			continue
		}
		w.micros = append(w.micros, time.Since(sent).Microseconds())
	}
}

func report(workers []worker, took time.Duration) {
	result := outcome{Seconds: took.Seconds()}
	var micros []int64
	for _, each := range workers {
		micros = append(micros, each.micros...)
		result.Errors += each.errors
		if result.FirstText == "" {
			result.FirstText = each.first
		}
	}
	slices.Sort(micros)
	if result.Requests = len(micros); result.Requests > 0 {
		result.P50Micros, result.P99Micros = micros[len(micros)/2], micros[len(micros)*99/100]
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
