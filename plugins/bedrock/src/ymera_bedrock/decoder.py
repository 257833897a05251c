"""Turns the body of a response into events."""

from collections.abc import Sequence

from ymera_bedrock.converse_reader import ConverseReader
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.event_stream import EventMessage, EventStreamParser
from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import as_object, read_object

_FIRST_BYTES = frozenset({0, 1})
"""Of an event stream: the first of four bytes of a length of at most 25 MB. No JSON document begins with them."""


class ConverseDecoder(BodyDecoder):
    """Decodes one answer: a JSON document, or AWS's event stream.

    `messageStop` ends the answer. The counts follow in `metadata`; if only they are lost, the answer is whole.
    """

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._answer = ConverseReader()
        self._messages: EventStreamParser | None = None
        self._begun = False

    def _take(self, data: bytes) -> None:
        if data and not self._begun:
            self._begun = True
            if data[0] in _FIRST_BYTES:
                self._messages = EventStreamParser()
        if self._messages is None:
            super()._take(data)
            return
        for message in self._messages.feed(data):
            if not self._ended:
                self._take_message(message)

    def _take_message(self, message: EventMessage) -> None:
        match message.header(":message-type"):
            case "event":
                kind = message.header(":event-type")
                self._items.extend(self._answer.take(kind, read_object(message.payload)))
                if kind == "metadata" and self._answer.complete:
                    self._end()
            case "exception":
                raise ERRORS.of_exception(message.header(":exception-type"), message.payload)
            case "error":
                words = message.header(":error-message") or message.header(":error-code")
                raise ERRORS.of_exception(message.header(":error-code"), words.encode())

    def _close(self) -> None:
        if self._messages is None:
            super()._close()
        elif self._answer.complete:
            self._end()
        else:
            raise StreamInterrupted("the answer broke off before its end")

    def _end(self) -> None:
        self._items.extend(self._answer.finish())
        self._ended = True

    def _take_document(self, document: object) -> None:
        self._items.extend(self._answer.whole(as_object(document)))
        self._ended = True

    def _take_event(self, document: object) -> None:
        raise MalformedResponse("the provider sent server-sent events, which the API does not have")

    def _usage(self) -> Sequence[ProviderEvent]:
        return self._answer.usage()
