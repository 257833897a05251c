"""Keeps connections alive, and retries requests on connections that the server has closed meanwhile."""

import select
from asyncio import Future, Transport
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEEP_ALIVE_SECONDS = 60.0
"""How long an unused connection is kept open."""
IsQuiet = Callable[[], bool]
STALE_SECONDS = 2.0
"""A request over a connection that the server had closed fails within a round trip, which is less than this."""


class Request(aiohttp.ClientRequest):
    """A request that holds a reference to its connection."""

    reused = False
    """Whether the connection was used for an earlier request."""
    transport: Transport | None = None

    def abort(self) -> None:
        """Closes the connection at once, even while the body is being sent."""
        if self.transport is not None:
            self.transport.abort()


class Connector(aiohttp.TCPConnector):
    """Reuses a kept connection only if no data waits on it, and always opens a new one for a second attempt."""

    def __init__(self) -> None:
        # No limit here: `HttpTransport` limits connections, so that waiting for a slot does not count as connecting.
        super().__init__(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._seen: WeakKeyDictionary[ResponseHandler, IsQuiet] = WeakKeyDictionary()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's signature
    ) -> "Connection":
        """Returns a connection for the request; aiohttp calls this for each attempt."""
        assert isinstance(req, Request)
        second_attempt = req.reused
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol, req.transport = connection.protocol, connection.transport
            assert protocol is not None
            assert req.transport is not None
            is_quiet = self._seen.get(protocol)
            req.reused = is_quiet is not None
            if is_quiet is None:
                self._remember(protocol, req.transport)
                return connection
            if not second_attempt and is_quiet():
                return connection
            connection.close()

    def _remember(self, protocol: ResponseHandler, transport: Transport) -> None:
        self._seen[protocol] = _quietness(transport)
        if (closed := protocol.closed) is not None:
            # The user of a connection gets its error. Retrieving it here as well keeps asyncio from logging it.
            closed.add_done_callback(Future.exception)


def _quietness(transport: Transport) -> IsQuiet:
    """Returns what says whether no data waits to be read; on an idle connection, data means that the server has closed
    it."""
    descriptor = transport.get_extra_info("socket").fileno()
    if not hasattr(select, "poll"):  # Windows
        return lambda: not select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: not poll.poll(0)


async def attempt_twice_if_stale(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """An aiohttp middleware that sends a request again if the kept connection turns out to be closed.

    A server that closes the connection later, or closes a new one, may have processed the request, which costs money:
    such a request is not repeated here.
    """
    assert isinstance(request, Request)
    start = monotonic()
    try:
        return await send(request)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientConnectionResetError) as error:
        partial = isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(error.message, str)
        if not request.reused or partial or monotonic() - start > STALE_SECONDS:
            raise
        return await send(request)
    except BaseException:
        request.abort()
        raise
