"""Python SDK 1.x; see ../README.md for what a client program says and hears."""

import asyncio
import json
import sys
from datetime import timedelta

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client


async def lines():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


def say(**words):
    print(json.dumps(words), flush=True)


# A person thinks about it.
THINKING_SECONDS = 5


async def decline(_context, _params):
    await asyncio.sleep(THINKING_SECONDS)
    return types.ElicitResult(action="decline")


async def main():
    patience = timedelta(seconds=10)
    async with streamablehttp_client(sys.argv[1]) as (read, write, _):
        async with ClientSession(read, write, read_timeout_seconds=patience, elicitation_callback=decline) as session:
            await session.initialize()
            say(ready=True)
            async for line in lines():
                call = json.loads(line)
                steps = []

                async def note(progress, _total, _message):
                    steps.append(progress)

                try:
                    result = await session.call_tool(call["name"], call["arguments"], progress_callback=note)
                    told = {"progress": len(steps)} if steps else {}
                    say(ok=not result.isError, text=result.content[0].text, **told)
                except Exception as error:
                    say(ok=False, text=str(error))


def leaves(error):
    return [leaf for each in error.exceptions for leaf in leaves(each)] if isinstance(error, BaseExceptionGroup) else [error]


try:
    asyncio.run(main())
except BaseException as error:
    # The session died under its user's feet: this is all that he learns.
    say(ok=False, text="; ".join(str(leaf) for leaf in leaves(error)), dead=True)
