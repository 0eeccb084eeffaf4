package main

import (
	"bufio"
	"errors"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

// readHead reads a start line and headers; it returns the start line and the body's length.
func readHead(from *bufio.Reader) (string, int, error) {
	start, length := "", 0
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		text := textproto.TrimBytes(line)
		switch {
		case len(text) == 0:
			return start, length, nil
		case start == "":
			start = string(text)
		case len(text) > 15 && strings.EqualFold(string(text[:15]), "content-length:"):
			if length, err = strconv.Atoi(strings.TrimSpace(string(text[15:]))); err != nil {
				return "", 0, err
			}
		case len(text) > 18 && strings.EqualFold(string(text[:18]), "transfer-encoding:"):
			return "", 0, errors.New("chunks are not understood")
		}
	}
}

// readMessage reads head and body, and drops the body.
func readMessage(from *bufio.Reader) (string, error) {
	start, length, err := readHead(from)
	if err == nil {
		_, err = io.CopyN(io.Discard, from, int64(length))
	}
	return start, err
}
