"""The gRPC server's socket: options, TLS, and the address it really got."""

import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc

from ymera_service.config import MAX_PORT, ConfigError, ConfigFault, Environment, ServerSettings, Settings

CONFIG = "configuration"
"""What `ConfigError` names as the source of faults that are found when the server starts."""

SPARE_STREAMS = 100
"""Calls that one connection may have open beside as many requests as the server works on, such as health checks."""
MAX_PENDING = 10_000
"""Calls that may wait until the event loop takes them. grpc ends further ones as cancelled, without details; by its
default some of them from 1,000 on, so that bursts that the server could have refused properly looked as if their
callers had cancelled them."""
MAX_PENDING_SECONDS = 3600
"""How long they may wait there, if their deadlines allow it. By its default grpc ends calls that have waited for 30
seconds as cancelled, without details."""


def options(settings: ServerSettings) -> Sequence[tuple[str, int]]:
    """Returns grpc's options.

    grpc's own limit for requests is twice ours: up to there a caller gets a typed error that says
    what is wrong. Ports are not shared, so that a second server on the same address fails instead of taking half
    of the calls. What grpc can't bound is stated, with figures, in `deploy/envoy/README.md`.
    """
    return (
        ("grpc.max_receive_message_length", 2 * settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),
        *_bounds(settings),
        *_times(settings),
    )


def _bounds(settings: ServerSettings) -> Iterator[tuple[str, int]]:
    """Yields how much may be open at the same time, and how long calls may wait to be taken."""
    yield "grpc.max_allowed_incoming_connections", settings.max_connections
    # A client keeps further calls back until one of these has ended.
    yield "grpc.max_concurrent_streams", settings.max_concurrent_requests + SPARE_STREAMS
    # Otherwise grpc also counts calls whose end the client has seen and the server not yet cleaned up, and refuses,
    # without details, calls of a client that keeps to the limit.
    yield "grpc.http.overload_protection", 0
    yield "grpc.server.max_pending_requests", MAX_PENDING
    yield "grpc.server.max_pending_requests_hard_limit", MAX_PENDING
    yield "grpc.server_max_unrequested_time_in_server", MAX_PENDING_SECONDS


def _times(settings: ServerSettings) -> Iterator[tuple[str, int]]:
    """Yields how long connections may take and last, in milliseconds."""
    yield "grpc.server_handshake_timeout_ms", _milliseconds(settings.handshake_seconds)
    yield "grpc.max_connection_idle_ms", _milliseconds(settings.connection_idle_seconds)
    yield "grpc.max_connection_age_ms", _milliseconds(settings.connection_age_seconds)
    yield "grpc.max_connection_age_grace_ms", _milliseconds(settings.connection_grace_seconds)
    # Finds callers that vanished without closing, through NATs and proxies too.
    yield "grpc.keepalive_time_ms", 60_000
    yield "grpc.keepalive_timeout_ms", 20_000
    yield "grpc.keepalive_permit_without_calls", 1
    # Callers may ping as often as this; grpc's default hangs up on those that ping more than every 5 minutes.
    yield "grpc.http2.min_ping_interval_without_data_ms", 10_000


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def exposure(settings: Settings) -> str:
    """Returns what is not secure about where the server listens; empty if nothing is.

    Raises:
        ConfigError: That is not allowed, as the server is in production and `server.insecure` is not set.
    """
    server, lacking = settings.server, []
    if is_local(server.address):
        return ""
    if server.tls_certificate is None:
        lacking.append("prompts, answers and keys are not encrypted (server.tls_certificate)")
    if server.tls_client_ca is None and not settings.access.callers:
        lacking.append("everyone who reaches it may spend your money (access.callers or server.tls_client_ca)")
    problem = f"{server.address} can be reached from other machines, and {'; '.join(lacking)}" if lacking else ""
    if problem and settings.environment is Environment.PRODUCTION and not server.insecure:
        remedy = "set what is named, or server.insecure = true if something before the server does it"
        raise ConfigError(CONFIG, [ConfigFault("server.insecure", f"{problem}; {remedy}")])
    return problem


def is_local(address: str) -> bool:
    """Whether only this machine can reach an address."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(server: grpc.aio.Server, settings: ServerSettings, credentials: grpc.ServerCredentials | None) -> str:
    """Binds the configured address and returns it, with the port it got.

    Raises:
        ConfigError: The address can't be listened on.
    """
    address = settings.address
    _, _, port = address.rpartition(":")
    if port.isdigit() and int(port) > MAX_PORT:  # grpc would take its lower 16 bits
        raise _refused(f"{address!r} can't be listened on: ports go up to {MAX_PORT}")
    try:
        if credentials is None:
            bound = server.add_insecure_port(address)
        else:
            bound = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise _refused(_why(address, error)) from None
    if address.startswith(("unix:", "unix-abstract:")):
        return address
    return f"{address.rpartition(':')[0]}:{bound}"


def _refused(problem: str) -> ConfigError:
    return ConfigError(CONFIG, [ConfigFault("server.address", problem)])


def _why(address: str, error: RuntimeError) -> str:
    """Returns why an address can't be listened on: grpc only says that it can't."""
    host, _, port = address.rpartition(":")
    if address.startswith(("unix:", "unix-abstract:")):
        return f"{address!r} can't be listened on: {error}"
    if not port.isdigit():
        return f"{address!r} is not an address; write host:port, [::1]:port or unix:/path"
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.bind((host.strip("[]"), int(port)))
    except OSError as reason:
        in_use = reason.errno == errno.EADDRINUSE
        remedy = "another program listens there; stop it or choose another port" if in_use else _words(reason)
        return f"{address!r} can't be listened on: {remedy}"
    return f"{address!r} can't be listened on: {error}"


def credentials(settings: ServerSettings) -> grpc.ServerCredentials | None:
    """Reads the TLS files; None if TLS is off.

    Raises:
        ConfigError: With every file that can't be read, or what is wrong with their contents.
    """
    if settings.tls_certificate is None or settings.tls_private_key is None:
        return None
    faults: list[ConfigFault] = []
    certificate = _read("server.tls_certificate", settings.tls_certificate, faults)
    key = _read("server.tls_private_key", settings.tls_private_key, faults)
    authorities = _read("server.tls_client_ca", settings.tls_client_ca, faults) if settings.tls_client_ca else None
    if not faults:
        _check_tls(settings, faults)
    if faults:
        raise ConfigError(CONFIG, faults)
    return grpc.ssl_server_credentials([(key, certificate)], authorities, require_client_auth=authorities is not None)


def _read(where: str, path: Path, faults: list[ConfigFault]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        faults.append(ConfigFault(where, f"{path} can't be read: {_words(error)}"))
        return b""


def _check_tls(settings: ServerSettings, faults: list[ConfigFault]) -> None:
    """Lets Python's TLS look at the files: grpc takes anything and fails at the first handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert settings.tls_certificate is not None
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_private_key, password="")
    except (ssl.SSLError, ValueError) as error:
        pair = f"{settings.tls_certificate} and {settings.tls_private_key}"
        fault = f"{pair} are not a certificate and its key in PEM: {error}"
        faults.append(ConfigFault("server.tls_certificate", fault))
    if settings.tls_client_ca is not None:
        try:
            context.load_verify_locations(settings.tls_client_ca)
        except ssl.SSLError as error:
            fault = f"{settings.tls_client_ca} does not hold certificates in PEM: {error}"
            faults.append(ConfigFault("server.tls_client_ca", fault))


def _words(error: OSError) -> str:
    return (error.strerror or os.strerror(error.errno or 0) or str(error)).lower()
