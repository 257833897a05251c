"""The gRPC server's socket: options, TLS, and the address it really got."""

import errno
import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import grpc

from ymera_service.config import ConfigError, ConfigFault, ServerSettings

CONFIG = "configuration"
"""What `ConfigError` names as the source of faults that are found when the server starts."""

MAX_PORT = 65_535


def options(settings: ServerSettings) -> Sequence[tuple[str, int]]:
    """Returns grpc's options.

    grpc's own limit for requests is twice ours: up to there a caller gets a typed error that says
    what is wrong. Ports are not shared, so that a second server on the same address fails instead of taking half
    of the calls.
    """
    return (
        ("grpc.max_receive_message_length", 2 * settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),
        ("grpc.max_concurrent_streams", settings.max_concurrent_requests + settings.max_queued_requests + 100),
        # Finds callers that vanished without closing, through NATs and proxies too.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Callers may ping as often as this; grpc's default hangs up on those that ping more than every 5 minutes.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    )


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
