"""Opens a channel to a running server, or to a server that is started for one command."""

import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from ymera_service.cli import loaded
from ymera_service.cli.keys import api_key, keyed
from ymera_service.cli.problems import WRONG, CommandFailed, Problem, of_rpc, wrong
from ymera_service.cli.tls import credentials

if TYPE_CHECKING:
    from ymera_service.config import ConfigError, Settings

_ADDRESS = re.compile(r"unix:.+|(https://)?([^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.min_reconnect_backoff_ms", 5000),  # also how long a connection may take
)


@dataclass(frozen=True, slots=True)
class Server:
    """The server to call: the address of a running one, or, if that is empty, the configuration to start one with.

    `api_key_file` holds the key for a running one; without it the variable `YMERA_API_KEY` does, if it is set.
    """

    address: str = ""
    config: Path | None = None
    api_key_file: Path | None = None


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    """Yields a channel to the server; on exit closes it and stops the server if this started one.

    Raises:
        CommandFailed: No server can be reached or started, or a call failed.
    """
    try:
        if server.address:
            async with _channel(server.address, api_key(server.api_key_file)) as channel:
                loaded()
                yield channel
        else:
            async with _own_server(server.config) as channel:
                loaded()
                yield channel
    except grpc.aio.AioRpcError as error:
        raise CommandFailed(of_rpc(error, server.address)) from None


def _channel(address: str, key: str = "") -> grpc.aio.Channel:
    if not _ADDRESS.fullmatch(address):
        raise wrong(
            f"{address!r} is not a valid server address",
            "Write host:port, [::1]:port or unix:/path, or https://host:port if the server uses TLS.",
        )
    if address.startswith("https://"):
        server = address.removeprefix("https://")
        return grpc.aio.secure_channel(server, credentials(), _OPTIONS, interceptors=keyed(key))
    return grpc.aio.insecure_channel(address, _OPTIONS, interceptors=keyed(key))


@asynccontextmanager
async def _own_server(config: Path | None) -> AsyncIterator[grpc.aio.Channel]:
    with tempfile.TemporaryDirectory(prefix="ymera-") as folder, starting():  # only this user can open it
        settings = private(load_settings(config), f"unix:{folder}/socket")
        # Imported here so that a command that calls a running server does not wait for the server's imports.
        from ymera_service.server import Application  # noqa: PLC0415
        from ymera_service.telemetry import logs  # noqa: PLC0415
        from ymera_service.telemetry.redaction import Redactor  # noqa: PLC0415

        redactor = Redactor.of(settings, os.environ)
        logs.configure(settings.log, redactor.line)
        async with (
            Application.start(settings, redactor=redactor) as application,
            _channel(application.address) as channel,
        ):
            yield channel


def load_settings(config: Path | None) -> "Settings":
    """Reads the configuration.

    Raises:
        CommandFailed: The configuration can't be used; lists every fault.
    """
    with starting():
        from ymera_service.config import load  # noqa: PLC0415  # see `_own_server`

        return load(config)


def source_of(config: Path | None) -> str:
    """Returns the name of what the configuration is read from, for people."""
    from ymera_service.config import Source  # noqa: PLC0415  # see `_own_server`

    return str(Source.of(config))


@contextmanager
def starting() -> Iterator[None]:
    """Turns an error that prevents a server from starting into `CommandFailed`."""
    from ymera_service.config import ConfigError  # noqa: PLC0415  # see `_own_server`
    from ymera_service.sdk.errors import YmeraError  # noqa: PLC0415

    try:
        yield
    except ConfigError as error:
        raise CommandFailed(_of_config(error)) from None
    except YmeraError as error:
        raise CommandFailed(Problem(error.message, reason=error.reason)) from None


def _of_config(error: "ConfigError") -> Problem:
    from ymera_service.telemetry.redaction import without_credentials  # noqa: PLC0415  # see `_own_server`

    faults = [(fault.where, without_credentials(fault.problem)) for fault in error.faults]
    return Problem(
        f"the configuration can't be used ({error.source})",
        tuple(f"{where}: {problem}" for where, problem in faults),
        "INVALID_CONFIGURATION",
        exit_code=WRONG,
        facts={"faults": [{"where": where, "problem": problem} for where, problem in faults]},
    )


def private(settings: "Settings", address: str) -> "Settings":
    """Returns the settings of a server for one command: at the given address, which only this user can open, and so
    without TLS and keys; logging errors only, as the command reports what becomes of its call."""
    unencrypted = {"tls_certificate": None, "tls_private_key": None, "tls_client_ca": None}
    server = settings.server.model_copy(update={"address": address, "reflection": False, **unencrypted})
    unless_configured = {"level": "error", "format": "console"}
    quiet = {name: value for name, value in unless_configured.items() if name not in settings.log.model_fields_set}
    log, access = settings.log.model_copy(update=quiet), settings.access.model_copy(update={"callers": ()})
    return settings.model_copy(update={"server": server, "access": access, "log": log})
