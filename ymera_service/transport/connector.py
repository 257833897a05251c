"""Connections that are kept alive, and what to do when the server has closed one meanwhile."""

import select
from asyncio import Future, Transport
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEEP_ALIVE_SECONDS = 60.0
"""How long an unused connection is kept."""
STALE_SECONDS = 2.0
"""A request over a connection that the server had closed comes back within a round trip, so sooner than this."""


class Request(aiohttp.ClientRequest):
    """A request that knows the connection it goes over."""

    reused = False
    """Whether that connection has carried another request before."""
    transport: Transport | None = None

    def abort(self) -> None:
        """Closes the connection at once, even while the body is being sent."""
        if self.transport is not None:
            self.transport.abort()


class Connector(aiohttp.TCPConnector):
    """Hands out a kept connection only while it is quiet, and a fresh one to a second attempt."""

    def __init__(self) -> None:
        # Whoever opens connections bounds their number, so that waiting for one is not waiting for the server.
        super().__init__(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._seen: WeakSet[ResponseHandler] = WeakSet()

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
            req.reused = protocol in self._seen
            if not req.reused:
                self._remember(protocol)
                return connection
            if not second_attempt and _is_quiet(req.transport):
                return connection
            connection.close()

    def _remember(self, protocol: ResponseHandler) -> None:
        self._seen.add(protocol)
        if (closed := protocol.closed) is not None:
            # Why a connection was lost is told to whoever uses it; asyncio wants to see it asked here as well.
            closed.add_done_callback(Future.exception)


def _is_quiet(transport: Transport) -> bool:
    """Tells whether nothing waits to be read: all that a server says without a request is good-bye."""
    descriptor = transport.get_extra_info("socket").fileno()
    if not hasattr(select, "poll"):  # Windows
        return not select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return not poll.poll(0)


async def attempt_twice_if_stale(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Sends a request again, as aiohttp's middleware, where the kept connection proves to have been closed.

    A server that hangs up later, or on a fresh connection, may have worked on the request, and such work
    costs money: that is not repeated here.
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
