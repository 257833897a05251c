"""The keys of the gRPC server and of who may call it."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from ymera_service.config.sections import Count, ModelPattern, Seconds, Section

MAX_PORT = 65_535
GRPC_SECONDS = 2_000_000
"""23 days: grpc counts milliseconds in 32 bits."""
GRPC_MESSAGE_BYTES = 512 * 1024 * 1024
"""grpc counts bytes in 31 bits, and reads twice as much as is accepted, in order to say what is wrong."""

GrpcSeconds = Annotated[float, Field(ge=0.001, le=GRPC_SECONDS, allow_inf_nan=False)]


Spending = Annotated[float, Field(ge=0.000001, le=1_000_000, allow_inf_nan=False)]


class ServerSettings(Section):
    """The gRPC server."""

    address: str = "127.0.0.1:50051"
    """`host:port`, `[::1]:port` or `unix:/path`; port 0 selects a free port."""
    tls_certificate: Path | None = None
    """PEM file of the server's certificate chain; TLS is on when this and the key are set."""
    tls_private_key: Path | None = None
    tls_client_ca: Path | None = None
    """PEM file of the authorities whose client certificates are accepted; if set, clients must present one."""
    reflection: bool | None = None
    """Server reflection; unset means on in development and off in production."""
    insecure: bool = False
    """Allows a production server to listen beyond this machine without TLS, or without authenticating callers."""
    max_message_bytes: Annotated[int, Field(ge=1024, le=GRPC_MESSAGE_BYTES)] = 16 * 1024 * 1024
    """The maximum size of a request message."""
    max_concurrent_requests: Count = 512
    """The maximum number of requests that are processed at the same time."""
    max_queued_requests: Annotated[int, Field(ge=0, le=1_000_000)] = 1024
    """The maximum number of requests that wait for a slot; further ones fail with RESOURCE_EXHAUSTED."""
    max_bytes_in_flight: int | None = None
    """The maximum size of all request messages that are under way; unset means a 32nd of the memory, but room for
    at least 2 and at most 8 messages of the maximum size."""
    max_unread_seconds: Seconds = 60
    """How long a streamed message may wait for its caller to read; then the stream is cut off."""
    max_connections: Count = 2048
    """The maximum number of connections; further ones are closed at once."""
    handshake_seconds: GrpcSeconds = 10
    """How long a new connection may take for TLS and for the beginning of HTTP/2."""
    connection_idle_seconds: GrpcSeconds = 300
    """How long a connection may be open without a call; clients connect again when they need to."""
    connection_age_seconds: GrpcSeconds = 3600
    """How old a connection may get before its client is asked to connect again, as to another server."""
    connection_grace_seconds: GrpcSeconds = 14_400
    """How long calls that are under way then may continue; the rest is cancelled."""
    drain_seconds: Seconds = 30
    """How long requests in progress may continue after SIGTERM."""
    max_held_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60
    """How long the event loop may not answer before the process is ended; 0 never ends it, as for a debugger, which
    holds the loop at each breakpoint."""

    @field_validator("address")
    @classmethod
    def _address_has_a_port(cls, address: str) -> str:
        if not re.fullmatch(r"unix(-abstract)?:.+|.+:\d{1,9}", address):
            raise ValueError(f"{address!r} is not a valid address; write host:port, [::1]:port or unix:/path")
        port = address.rpartition(":")[2]
        if not address.startswith("unix") and int(port) > MAX_PORT:  # grpc would take its lower 16 bits
            raise ValueError(f"{address!r} is not a valid address: ports go up to {MAX_PORT}")
        return address

    @model_validator(mode="after")
    def _largest_message_has_room(self) -> "ServerSettings":
        if self.max_bytes_in_flight is not None and self.max_bytes_in_flight < self.max_message_bytes:
            raise ValueError(f"max_bytes_in_flight must be at least max_message_bytes, {self.max_message_bytes}")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "ServerSettings":
        if (self.tls_certificate is None) != (self.tls_private_key is None):
            raise ValueError("set both tls_certificate and tls_private_key, or neither")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca requires tls_certificate and tls_private_key")
        return self


class CallerSettings(Section):
    """A key that callers may use, and whose it is; `ymera callers add` makes one."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the key in hexadecimal; the key itself is not stored."""
    allow_models: Annotated[tuple[ModelPattern, ...], Field(min_length=1, max_length=128)] | None = None
    """The models that it may use, as in a request's `allow_models`, which can only narrow them; unset means all."""
    requests_per_minute: Count | None = None
    """Requests to be executed or measured, at each server; unset means no limit."""
    spend_per_day: Spending | None = None
    """What its requests may cost from midnight to midnight in UTC, in USD, at all servers; unset means no limit."""
    spend_per_month: Spending | None = None
    """The same from the first of a month to the next."""
    administrator: bool = False
    """Whether it may do what concerns all callers, such as to manage providers' keys."""


class AccessSettings(Section):
    """Who may call the server."""

    callers: tuple[CallerSettings, ...] = ()
    """If there are any, every call has to present one of these keys. A name may have several, to replace one."""

    @field_validator("callers")
    @classmethod
    def _keys_differ(cls, callers: tuple[CallerSettings, ...]) -> tuple[CallerSettings, ...]:
        names: dict[str, str] = {}
        for caller in callers:
            if caller.key_sha256 in names:
                raise ValueError(f"{names[caller.key_sha256]!r} and {caller.name!r} have the same key")
            names[caller.key_sha256] = caller.name
        return callers

    @field_validator("callers")
    @classmethod
    def _limits_of_a_name_agree(cls, callers: tuple[CallerSettings, ...]) -> tuple[CallerSettings, ...]:
        """Refuses different ones: a key that replaces another must not lift its limits by an oversight."""
        first: dict[str, CallerSettings] = {}
        for caller in callers:
            for limit in ("allow_models", "requests_per_minute", "spend_per_day", "spend_per_month", "administrator"):
                if getattr(first.setdefault(caller.name, caller), limit) != getattr(caller, limit):
                    raise ValueError(f"the keys of {caller.name!r} differ in {limit}; give them the same")
        return callers
