"""The key that a command sends to a running server."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc

from ymera_service.cli.problems import wrong

VARIABLE = "YMERA_API_KEY"


def api_key(file: Path | None) -> str:
    """Returns the key for a running server; empty if none is given.

    A key is not given on the command line, as every user of the machine could read it there.

    Raises:
        CommandFailed: The file can't be read, or what is given can't be a key.
    """
    if file is None:
        key, source = os.environ.get(VARIABLE, ""), VARIABLE
    else:
        source = str(file)
        try:
            key = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise wrong(f"the key in {source} can't be read: {reason}") from None
    key = key.strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise wrong(f"{source} does not hold a key; a key is one word of ASCII characters")
    return key


def keyed(key: str) -> Sequence[grpc.aio.ClientInterceptor]:
    """Returns what adds a key to the calls of a channel. grpc's own way refuses to without TLS, as on this machine."""
    return (_KeyedUnary(key), _KeyedStream(key)) if key else ()


class _Keyed:
    def __init__(self, key: str) -> None:
        self._entry = ("authorization", f"Bearer {key}")

    def _with_key(self, call: Any) -> Any:
        return call._replace(metadata=grpc.aio.Metadata(*(call.metadata or ()), self._entry))


class _KeyedUnary(_Keyed, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(self._with_key(client_call_details), request)


class _KeyedStream(_Keyed, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await continuation(self._with_key(client_call_details), request)
