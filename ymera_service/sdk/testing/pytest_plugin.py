"""Fixtures for plugin authors. Every pytest run loads this module, so it imports slow modules only on use."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport

pytest.register_assert_rewrite("ymera_service.sdk.testing.checks", "ymera_service.sdk.testing.contracts")


@pytest.fixture
def recorded_transports() -> "Iterator[list[RecordedTransport]]":
    """The transports that `recorded_http` created in this test; none may have an open response at the end."""
    transports: list[RecordedTransport] = []
    yield transports
    left_open = sum(transport.open_streams for transport in transports)
    assert not left_open, f"{left_open} responses were left open"


@pytest.fixture
def recorded_http(
    recorded_transports: "list[RecordedTransport]",
) -> "Callable[..., RecordedTransport]":
    """Creates transports that answer with recorded exchanges: `recorded_http(Exchange(body=b"…"))`."""
    from ymera_service.sdk.testing.recorded import RecordedTransport  # noqa: PLC0415  # keeps every pytest run light

    def record(*exchanges: "Exchange") -> "RecordedTransport":
        recorded_transports.append(RecordedTransport(*exchanges))
        return recorded_transports[-1]

    return record
