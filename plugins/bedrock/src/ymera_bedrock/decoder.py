"""Turns the body of a response into events."""

from base64 import b64decode
from collections.abc import Iterator, Sequence

from ymera_bedrock.converse_reader import ConverseReader
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.event_stream import EventMessage, EventStreamParser
from ymera_bedrock.invoke import Format
from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent, ResponseStarted
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import Json, as_object, member, read_object, text

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
            self._take_message(message)
            if self._ended:  # what follows is not read, as it may be no message
                return

    def _take_message(self, message: EventMessage) -> None:
        match message.header(":message-type"):
            case "event":
                for kind, event in self._in_message(message.header(":event-type"), read_object(message.payload)):
                    self._items.extend(self._answer.take(kind, event))
                    if kind == "metadata" and self._answer.complete:
                        self._end()
            case "exception":
                raise ERRORS.of_exception(message.header(":exception-type"), message.payload)
            case "error":
                words = message.header(":error-message") or message.header(":error-code")
                raise ERRORS.of_exception(message.header(":error-code"), words.encode())

    def _in_message(self, kind: str, payload: Json) -> Iterator[tuple[str, Json]]:
        """Yields the events of Converse that a message holds."""
        yield kind, payload

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


class InvokeDecoder(ConverseDecoder):
    """Decodes one answer of InvokeModel, which is in the model's own format: streamed, in pieces of base64."""

    def __init__(self, form: Format) -> None:
        super().__init__()
        self._format = form
        self._converse_events = form.events()
        self._started = False

    def _in_message(self, kind: str, payload: Json) -> Iterator[tuple[str, Json]]:
        if kind == "chunk":
            # Servers that copy the API leave the base64 out.
            document = read_object(_decoded(text(payload, "bytes"))) if "bytes" in payload else payload
            self._start(document)
            yield from self._converse_events(document)

    def _take_document(self, document: object) -> None:
        answer = as_object(document)
        self._start(answer)
        super()._take_document(self._format.answer(answer))

    def _start(self, document: Json) -> None:
        """Notes the id and model that the first document of an answer states; Nova's states none."""
        if self._started:
            return
        self._started = True
        holder = member(document, "message") or document
        started = ResponseStarted(text(holder, "id"), text(holder, "model"))
        if started != ResponseStarted():
            self._items.append(started)


def _decoded(data: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except ValueError:
        raise MalformedResponse("the provider sent a piece of a stream that is not base64") from None
