module mcp-sluice.dev/fuzz-reader

go 1.24
