"""Decodes the bytes of a body into events, and detects whether the body was complete when it ended."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import orjson

from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.body import LEAST_HEAD, BodyKind, kind_of, without_lead
from ymera_service.sdk.wire.error_reader import ErrorReader
from ymera_service.sdk.wire.halves import EscapedHalves
from ymera_service.sdk.wire.json_reader import LONGEST_DOCUMENT, not_utf_8, read_json
from ymera_service.sdk.wire.sse import ServerSentEvent, SseParser

Item = ProviderEvent | ProviderError

DONE = "[DONE]"
"""The event that ends streams in OpenAI's format."""
_HALF_DONE = frozenset(DONE[:length] for length in range(1, len(DONE)))


class BodyDecoder(ABC):
    """A `Decoder` of a body that is one JSON document, or server-sent events with a document each.

    The first bytes of the body decide which of the two it is, not the request. A subclass interprets the documents of
    its format: it appends events to `_items`, sets `_ended` when the answer has ended, and raises a `ProviderError` for
    a failure, which is returned after the events so far.

    An answer is complete when the subclass has set `_ended`. A body that ends before that, even within a character, an
    event or a document, was interrupted; anything else that can't be decoded is malformed.
    """

    errors: ErrorReader

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._ended = False
        self._head = b""
        self._document: bytearray | None = None
        self._events: SseParser | None = None
        self._halves = EscapedHalves()

    @abstractmethod
    def _take_document(self, document: object) -> None:
        """Handles the single document of an answer that is not streamed."""

    @abstractmethod
    def _take_event(self, document: object) -> None:
        """Handles the document of the next event of a stream."""

    def _done(self) -> None:  # noqa: B027
        """Handles the event `[DONE]`, which is ignored unless the format uses it as the end."""

    def _usage(self) -> Sequence[ProviderEvent]:
        """Returns the counts so far, which are reported before a failure."""
        return ()

    def _body_ended(self) -> None:
        """Handles the end of a body between two events.

        Raises:
            StreamInterrupted: The answer is not complete.
        """
        raise StreamInterrupted("the answer broke off before its end")

    def feed(self, data: bytes) -> list[Item]:
        """See `Decoder.feed`."""
        return self._run(self._take, data)

    def close(self) -> list[Item]:
        """See `Decoder.close`."""
        return self._run(self._close)

    def _run(self, step: Callable[..., None], *data: bytes) -> list[Item]:
        if self._ended:
            return []
        try:
            step(*data)
        except UnicodeDecodeError as fault:
            self._fail(not_utf_8(fault))
        except ProviderError as error:
            self._fail(error)
        except orjson.JSONEncodeError:  # a subclass passes a part of the document on as JSON
            self._fail(MalformedResponse("the provider sent a value that is nested too deeply"))
        items, self._items = self._items, []
        return items

    def _fail(self, error: ProviderError) -> None:
        self._items += [*self._usage(), error]
        self._ended = True

    def _take(self, data: bytes) -> None:
        if self._events is not None:
            self._take_events(self._events.feed(data))
        elif self._document is not None:
            self._document += data
            if len(self._document) > LONGEST_DOCUMENT:
                read_json(self._document)
        else:
            self._head = without_lead(self._head + data)
            if len(self._head) >= LEAST_HEAD:
                self._find_kind()

    def _find_kind(self) -> None:
        kind = kind_of(self._head)
        if kind is BodyKind.JSON:
            self._document = bytearray(self._head)
        elif kind is BodyKind.EVENT_STREAM:
            self._events = SseParser()
            self._take_events(self._events.feed(self._head))
        elif kind is not BodyKind.EMPTY:
            raise MalformedResponse(f"the provider sent {kind}, neither JSON nor an event stream")

    def _close(self) -> None:
        if self._document is None and self._events is None:
            self._find_kind()
        if self._document is not None:
            self._take_document(read_json(self._document))
        elif self._events is not None and not self._ended:
            self._take_last(self._events.close())
        if not self._ended:
            self._body_ended()

    def _take_last(self, events: list[ServerSentEvent]) -> None:
        """Handles what follows the last complete event: an event without its blank line, or part of an event."""
        try:
            self._take_events([event for event in events if event.data.strip() not in _HALF_DONE])
        except MalformedResponse:
            raise StreamInterrupted("the answer broke off within an event") from None

    def _take_events(self, events: list[ServerSentEvent]) -> None:
        for event in events:
            if self._ended:
                return
            data = event.data.strip()
            if data == DONE:
                self._done()
            elif event.event == "error":
                raise self.errors.of_data(data)
            elif data:
                self._take_event(read_json(self._halves.join(data)))
