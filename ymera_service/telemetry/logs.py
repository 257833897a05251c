"""Structured logs to standard error: one JSON object, or one line for people, per event.

The process's entry point calls `configure` once, before anything is logged: loggers cache the configuration at
their first use, which makes them fast.
"""

import asyncio
import atexit
import errno
import logging
import os
import sys
import threading
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import Processor

from ymera_service.config import LogSettings

REQUEST_ID: ContextVar[str] = ContextVar("ymera_request_id", default="")
"""The request of the current task; every line that the task logs contains it."""


def configure(settings: LogSettings, redact: Callable[[bytes], bytes] = bytes) -> None:
    """Sets up structlog, and routes the logs of libraries through it.

    Lines of libraries are written from level "warning", or all of them at level "debug": some libraries log every
    statement at "info".

    Args:
        settings: Level and format.
        redact: Removes secrets from a finished line, tracebacks included; `Redactor.line`.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    renderer: list[Processor] = [*_renderer(settings), _Redact(redact)]
    lines = _Lines(sys.stderr.buffer)
    structlog.configure(
        processors=[_stamp, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    _route_libraries(level if level == logging.DEBUG else max(level, logging.WARNING), renderer)


class _Lines:
    """A logger of structlog's that writes finished lines to the standard error of a process that goes on if that can
    no longer be read: what is logged then is lost.

    Lines up to level "info" are written at the end of the event loop's turn, all with one system call: when a commit
    is over, many calls end in the same turn. Others are written at once, with those before them, as the process may
    end right after a failure; so are those of a thread without a loop.

    Writing fails once a terminal is closed or the reader of a pipe has ended; the server has to finish its requests.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._held = bytearray()
        self._flushing: asyncio.AbstractEventLoop | None = None
        """The loop that will write what is held."""
        atexit.register(self._flush)

    def info(self, line: bytes) -> None:
        """Writes a line soon."""
        with self._lock:
            self._held += line + b"\n"
        flushing = self._flushing  # another thread may change it
        if flushing is not None and flushing.is_running():
            return
        try:
            loop = self._flushing = asyncio.get_running_loop()
        except RuntimeError:
            self._flush()
        else:
            loop.call_soon(self._flush)

    def error(self, line: bytes) -> None:
        """Writes a line at once."""
        with self._lock:
            self._held += line + b"\n"
            self._flush()

    debug = info
    warning = critical = exception = error

    def _flush(self) -> None:
        with self._lock:
            self._flushing = None
            if not self._held:
                return
            lines, self._held = self._held, bytearray()
            try:
                self._stream.write(lines)
                self._stream.flush()
            except OSError as error:
                if error.errno in {errno.EIO, errno.EPIPE}:  # it does not recover, unlike a full disk
                    # What the stream still holds goes there, too: Python would otherwise end with an error.
                    with Path(os.devnull).open("wb") as nowhere:
                        os.dup2(nowhere.fileno(), self._stream.fileno())


def _stamp(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds time, level and request in one processor, as separate ones would cost more calls per line."""
    event["level"] = "error" if method == "exception" else method
    event["timestamp"] = datetime.now(UTC).isoformat()
    if request_id := REQUEST_ID.get():
        event.setdefault("request_id", request_id)
    return event


def _renderer(settings: LogSettings) -> list[Processor]:
    console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    if console:
        # Plain tracebacks: rich ones show local variables, which may be prompts and keys.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain), _encode]
    return [structlog.processors.format_exc_info, _to_json]


class _Redact:
    """The last processor of a line: only the rendered line shows secrets in nested values and tracebacks."""

    def __init__(self, redact: Callable[[bytes], bytes]) -> None:
        self._redact = redact

    def __call__(self, _logger: Any, _method: str, line: Any) -> bytes:
        return self._redact(line)


def _encode(_logger: Any, _method: str, line: Any) -> bytes:
    return str(line).encode(errors="replace")


def _to_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    try:
        return _written(event)
    except (TypeError, ValueError):  # such as an integer of more than 64 bits, or an unpaired surrogate
        return _written({str(name): _writable(value) for name, value in event.items()})


def _written(value: object) -> bytes:
    return orjson.dumps(value, default=repr, option=orjson.OPT_NON_STR_KEYS)


def _writable(value: object) -> object:
    """Returns a value, or what describes it if it can't be written."""
    try:
        _written(value)
    except (TypeError, ValueError):
        try:
            return ascii(value)
        except ValueError:  # Python writes no integers of more than 4,300 digits
            return type(value).__name__
    return value


def _route_libraries(level: int, renderer: list[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), _stamp],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer, _decode],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def _decode(_logger: Any, _method: str, line: Any) -> str:
    return str(line, "utf-8")
