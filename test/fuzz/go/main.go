// Reads JSON-RPC bodies as a Go server does: one in base64 a line, one answer a line.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"strconv"
)

// Fields as servers declare them: encoding/json matches their names by case folding.
type message struct {
	Method json.RawMessage `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params struct {
		Name json.RawMessage `json:"name"`
	} `json:"params"`
}

type answer struct {
	Fault  string  `json:"fault,omitempty"`
	Method *string `json:"method"`
	Name   *string `json:"name"`
	ID     *string `json:"id"`
}

// text is a value that is a string, or nil.
func text(raw json.RawMessage) *string {
	var value string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return nil
	}
	return &value
}

// label tells strings from numbers: s:… or n:….
func label(raw json.RawMessage) *string {
	if len(raw) == 0 {
		return nil
	}
	var labelled string
	if value := text(raw); value != nil {
		labelled = "s:" + *value
	} else if number, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		labelled = "n:" + strconv.FormatInt(number, 10)
	} else {
		labelled = "?:" + string(raw)
	}
	return &labelled
}

func read(line string) answer {
	body, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return answer{Fault: err.Error()}
	}
	var read message
	if err := json.Unmarshal(body, &read); err != nil {
		return answer{Fault: err.Error()}
	}
	return answer{Method: text(read.Method), Name: text(read.Params.Name), ID: label(read.ID)}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		if err := encoder.Encode(read(lines.Text())); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
