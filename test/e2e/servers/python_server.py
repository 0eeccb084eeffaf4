"""A small MCP server over FastMCP's streamable HTTP.

HOST and PORT say where it listens; STATELESS=true serves calls without a
session, so that any replica can answer any call.
"""

import os
import socket

from mcp.server.fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import PlainTextResponse

server = FastMCP(
    "python-server",
    host=os.environ.get("HOST", "0.0.0.0"),
    port=int(os.environ.get("PORT", "8000")),
    stateless_http=os.environ.get("STATELESS") == "true",
    json_response=True,
)


@server.tool()
def whoami() -> str:
    """The name of the pod that answers."""
    return socket.gethostname()


@server.tool()
def add(a: int, b: int) -> int:
    """The sum of two numbers."""
    return a + b


@server.custom_route("/health", methods=["GET"])
async def health(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


if __name__ == "__main__":
    server.run(transport="streamable-http")
