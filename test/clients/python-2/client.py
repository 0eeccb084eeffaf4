"""Python SDK 2.x, in the era that it agrees on with the server; see ../README.md for what a client program says and hears."""

import asyncio
import json
import sys

from mcp.client import Client


async def lines():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


def say(**words):
    print(json.dumps(words), flush=True)


async def main():
    async with Client(sys.argv[1], mode="auto", read_timeout_seconds=10) as client:
        say(ready=True)
        async for line in lines():
            call = json.loads(line)
            try:
                result = await client.call_tool(call["name"], call["arguments"])
                say(ok=not result.is_error, text=result.content[0].text)
            except Exception as error:
                say(ok=False, text=str(error))


asyncio.run(main())
