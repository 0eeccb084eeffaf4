// The parts of the benchmark that must cost little themselves: `bench upstream ADDR`,
// `bench proxy ADDR UPSTREAM`, `bench load ADDR CONNECTIONS SECONDS STATUS [SESSION]`.
package main

import (
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	args := os.Args[1:]
	switch {
	case len(args) == 2 && args[0] == "upstream":
		log.Fatal(serveUpstream(args[1]))
	case len(args) == 3 && args[0] == "proxy":
		log.Fatal(serveProxy(args[1], args[2]))
	case (len(args) == 5 || len(args) == 6) && args[0] == "load":
		connections, seconds, status := number(args[2]), number(args[3]), number(args[4])
		load(args[1], connections, time.Duration(seconds)*time.Second, status, strings.Join(args[5:], ""))
	default:
		log.Fatal("usage: bench upstream ADDR | proxy ADDR UPSTREAM | load ADDR CONNECTIONS SECONDS STATUS [SESSION]")
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}
