"""Finds past requests."""

import re
from datetime import UTC, datetime, timedelta

import grpc
from ymera.v1.routing_pb2 import Execution, ExecutionFilter, ListExecutionsRequest
from ymera.v1.routing_pb2_grpc import RoutingServiceStub

from ymera_service.cli.problems import wrong

SHORTEST = 8
"""The digits that the beginning of an id has at least: they hold its time to 65 s, so that few ids have the same."""
_BEGINNING = re.compile(rf"[0-9a-f]{{{SHORTEST}}}(-?[0-9a-f])*-?")
_DIGITS = 32
_TIME_DIGITS = 12
"""The first digits of a UUIDv7: the milliseconds since 1970."""
_TOLERANCE = timedelta(seconds=1)
"""How far the time in an id may be from the time that is recorded."""
_PAGE = 1000


async def latest(channel: grpc.aio.Channel) -> str:
    """Returns the id of the latest request.

    Raises:
        CommandFailed: There is none.
    """
    page = await RoutingServiceStub(channel).ListExecutions(ListExecutionsRequest(page_size=1))
    if not page.executions:
        raise wrong("no request is stored yet")
    return page.executions[0].request_id


async def whole_id(channel: grpc.aio.Channel, given: str) -> str:
    """Returns the id that begins with what is given; what can't be such a beginning is returned as it is.

    Raises:
        CommandFailed: Several ids begin with it.
    """
    if len(given.replace("-", "")) >= _DIGITS or not _BEGINNING.fullmatch(given):
        return given
    found = [each.request_id for each in await _around(channel, given) if each.request_id.startswith(given)]
    if len(found) > 1:
        raise wrong(f"{len(found)} requests have an id that begins with {given}", *found[:10])
    return found[0] if found else given


async def _around(channel: grpc.aio.Channel, beginning: str) -> list[Execution]:
    """Returns the requests of the time that the beginning of an id encodes."""
    stub, digits = RoutingServiceStub(channel), beginning.replace("-", "")[:_TIME_DIGITS]
    wanted = ExecutionFilter()
    wanted.start_time.FromDatetime(_time(digits.ljust(_TIME_DIGITS, "0")) - _TOLERANCE)
    wanted.end_time.FromDatetime(_time(digits.ljust(_TIME_DIGITS, "f")) + _TOLERANCE)
    page = await stub.ListExecutions(ListExecutionsRequest(page_size=_PAGE, filter=wanted))
    found = list(page.executions)
    while page.next_page_token:
        asked = ListExecutionsRequest(page_size=_PAGE, filter=wanted, page_token=page.next_page_token)
        page = await stub.ListExecutions(asked)
        found.extend(page.executions)
    return found


def _time(digits: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(digits, 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise wrong(f"no id begins with {digits}") from None
