"""A server of the Python SDK 1.x for the table of hostile requests.

PORT says where it listens; TRANSPORT is `streamable-http` (with sessions where
SESSIONS is set) or `sse`. GET /runs tells how often each tool ran.
"""

import os
from collections import Counter

from mcp.server.fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import JSONResponse

runs: Counter[str] = Counter()
server = FastMCP(
    "hostile",
    host="127.0.0.1",
    port=int(os.environ["PORT"]),
    stateless_http="SESSIONS" not in os.environ,
    json_response=True,
    log_level="ERROR",
)


@server.tool()
def expensive() -> str:
    """What nobody may run for free."""
    runs["expensive"] += 1
    return "ran expensive"


@server.tool()
def cheap() -> str:
    """What anybody may run."""
    runs["cheap"] += 1
    return "ran cheap"


@server.custom_route("/runs", methods=["GET"])
async def count(_request: Request) -> JSONResponse:
    return JSONResponse(dict(runs))


if __name__ == "__main__":
    server.run(transport=os.environ["TRANSPORT"])
