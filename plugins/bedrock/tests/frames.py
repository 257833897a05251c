"""Writes AWS's event stream, as Bedrock sends it."""

import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Returns one message."""
    encoded = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack(">I", crc32(prelude)) + encoded + payload
    return message + struct.pack(">I", crc32(message))


def event(kind: str, document: Any) -> bytes:
    """Returns an event."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, orjson.dumps(document))


def exception(kind: str, document: Any) -> bytes:
    """Returns an error of the API within a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, orjson.dumps(document))


def block(index: int, *deltas: Any, start: Any = None) -> bytes:
    """Returns the events of one content block."""
    at = {"contentBlockIndex": index}
    begin = event("contentBlockStart", {**at, "start": start}) if start else b""
    middle = b"".join(event("contentBlockDelta", {**at, "delta": delta}) for delta in deltas)
    return begin + middle + event("contentBlockStop", at)


def answer(*blocks: bytes, reason: str = "end_turn", usage: Any = None, **more: Any) -> bytes:
    """Returns a whole stream."""
    counts = usage or {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}
    start, stop = event("messageStart", {"role": "assistant"}), event("messageStop", {"stopReason": reason})
    return start + b"".join(blocks) + stop + event("metadata", {"usage": counts, "metrics": {"latencyMs": 1}, **more})
