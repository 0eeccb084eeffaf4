"""Reads JSON-RPC bodies as a Python server does: one in base64 a line, one answer a line."""

import base64
import json
import sys


def label(value):
    """Tells strings from numbers: s:... or n:..."""
    if isinstance(value, str):
        return "s:" + value
    if isinstance(value, int) and not isinstance(value, bool):
        return "n:%d" % value
    return None if value is None else "?:" + repr(value)


def read(line):
    try:
        message = json.loads(base64.b64decode(line))
        params = message.get("params", {})
        name = params.get("name")
    except (ValueError, AttributeError, RecursionError) as fault:
        return {"fault": str(fault)}
    method = message.get("method")
    return {
        "method": method if isinstance(method, str) else None,
        "name": name if isinstance(name, str) else None,
        "id": label(message.get("id")),
    }


for line in sys.stdin:
    print(json.dumps(read(line)))
