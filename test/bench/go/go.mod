module mcp-sluice.dev/bench

go 1.24
