// Program go is the Go SDK, in the era that it agrees on with the server; see
// ../README.md for what a client program says and hears.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type said struct {
	Ready bool   `json:"ready,omitempty"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
}

func say(words said) {
	if err := json.NewEncoder(os.Stdout).Encode(words); err != nil {
		log.Fatal(err)
	}
}

func call(session *mcp.ClientSession, line []byte) said {
	var params mcp.CallToolParams
	if err := json.Unmarshal(line, &params); err != nil {
		return said{Text: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	result, err := session.CallTool(ctx, &params)
	if err != nil {
		return said{Text: err.Error()}
	}
	text, _ := result.Content[0].(*mcp.TextContent)
	return said{OK: !result.IsError, Text: text.Text}
}

func main() {
	client := mcp.NewClient(&mcp.Implementation{Name: "test-go", Version: "1.0.0"}, nil)
	session, err := client.Connect(context.Background(), &mcp.StreamableClientTransport{Endpoint: os.Args[1]}, nil)
	if err != nil {
		log.Fatal(err)
	}
	say(said{Ready: true})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		say(call(session, lines.Bytes()))
	}
	if err := session.Close(); err != nil {
		log.Fatal(err)
	}
}
