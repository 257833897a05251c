"""Maps aiohttp's errors to provider errors.

Their texts and causes are not passed on, as they may contain the request's headers, and so a key.
"""

import errno
import os
import socket

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from ymera_service.sdk.errors import (
    ConnectionFailed,
    InvalidProviderRequest,
    MalformedResponse,
    ProviderError,
    ProviderTimeout,
    StreamInterrupted,
)
from ymera_service.sdk.targets import Scope

_PROXY_AUTHENTICATION = 407

_OWN_NETWORK = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.ENOBUFS,
    errno.EMFILE,
    errno.ENFILE,
}
"""Errors of a connection that was not even attempted: no route, no port, no descriptor."""
_OWN_RESOLVER = {socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY}
"""Errors of a look-up that got no answer; a name that does not exist is the endpoint's fault."""

EXPECTED = (aiohttp.ClientError, OSError, ValueError)
"""All errors that aiohttp raises because of a request, the network or a server."""

_OPENING: tuple[tuple[type[Exception], type[ProviderError], str], ...] = (
    (aiohttp.ClientConnectorDNSError, ConnectionFailed, "the address of {host} can't be resolved: {reason}"),
    (aiohttp.ClientSSLError, ConnectionFailed, "TLS with {host} failed: {reason}"),
    (aiohttp.ClientProxyConnectionError, ConnectionFailed, "the proxy for {host} can't be reached: {reason}"),
    (aiohttp.ClientHttpProxyError, ConnectionFailed, "the proxy does not connect to {host}: {reason}"),
    (aiohttp.ClientConnectorError, ConnectionFailed, "{host} can't be reached: {reason}"),
    (aiohttp.ClientResponseError, MalformedResponse, "the response of {host} is not valid HTTP: {reason}"),
    (TimeoutError, ProviderTimeout, "no connection to {host} in time"),
    (aiohttp.InvalidURL, InvalidProviderRequest, "the address of {host} is not valid"),
    (aiohttp.ClientError, ConnectionFailed, "{host} closed the connection before it answered"),
    (OSError, ConnectionFailed, "{host} closed the connection before it answered"),
    (ValueError, InvalidProviderRequest, "the request to {host} has a header that is not valid"),
)
"""The first entry whose type matches an error applies."""


class InvalidFraming(aiohttp.ClientPayloadError):
    """The body is not divided into valid HTTP chunks."""


def failure_to_open(error: Exception, host: str) -> ProviderError:
    """Returns the error of a request that got no response."""
    meaning, text = next((meaning, text) for kind, meaning, text in _OPENING if isinstance(error, kind))
    scope = Scope.NETWORK if _is_local(error) else None
    return meaning(text.format(host=host, reason=_reason(error)), scope=scope)


def _is_local(error: Exception) -> bool:
    """Returns whether a connection failed on this machine or at its proxy, so that others would fail as well."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return error.status == _PROXY_AUTHENTICATION
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return error.os_error.errno in _OWN_RESOLVER
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return True
    return isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno in _OWN_NETWORK


def failure_in_body(error: Exception, host: str) -> ProviderError:
    """Returns the error of a body that is incomplete."""
    if isinstance(error, InvalidFraming):
        return MalformedResponse(f"the body that {host} sent is not divided into valid chunks")
    if isinstance(error.__cause__, ContentEncodingError):
        return MalformedResponse(f"the body that {host} sent is not compressed as its header states")
    return StreamInterrupted(f"{host} closed the connection within its answer")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorDNSError):
        return error.os_error.strerror or str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        # asyncio's text is "Connect call failed" for every cause.
        return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"{error.status} {error.message}"
    if isinstance(error, aiohttp.ClientResponseError):
        return " ".join(error.message.split())[:200]
    return ""
