"""A server of the Python SDK 2.x for the table of hostile requests.

It speaks both eras and goes by the header MCP-Protocol-Version alone. PORT says
where it listens. GET /runs tells how often each tool ran.
"""

import os
from collections import Counter

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import InputRequiredResult
from starlette.requests import Request
from starlette.responses import JSONResponse

runs: Counter[str] = Counter()
server = MCPServer("hostile", log_level="ERROR")


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


@server.tool()
def asking(ctx: Context) -> str | InputRequiredResult:
    """What runs only when it is called again with the state that it gave."""
    if ctx.request_state is None:
        return InputRequiredResult(request_state="asked")
    runs["asking"] += 1
    return "ran asking"


@server.custom_route("/runs", methods=["GET"])
async def count(_request: Request) -> JSONResponse:
    return JSONResponse(dict(runs))


if __name__ == "__main__":
    server.run(
        "streamable-http",
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        json_response=True,
        stateless_http=True,
    )
