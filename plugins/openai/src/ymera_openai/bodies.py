"""The bodies that answers come in: server-sent events, or one JSON document."""

from abc import ABC, abstractmethod

import orjson

from ymera_openai import errors
from ymera_openai.documents import Json
from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.sse import ServerSentEvent, SseParser

Item = ProviderEvent | ProviderError

_FIELDS = (b":", b"d", b"e", b"i", b"r", b"\xef")
"""How a stream of events may begin: a comment, one of the fields, a byte order mark."""


class BodyDecoder(ABC):
    """A `Decoder` that knows the body and leaves the documents to its subclass.

    Which of the two forms a body has is told by its first character, not by what was asked for: some
    vendors answer a request for a stream with one document, and the other way round.
    """

    done_ends = True
    """Whether `[DONE]` is an end of its own, not just what follows one."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._ended = False
        self._head = b""
        self._sse: SseParser | None = None
        self._document_bytes = bytearray()

    @abstractmethod
    def _whole(self, document: Json) -> None:
        """Takes the one document of an answer that is not streamed."""

    @abstractmethod
    def _chunk(self, chunk: Json) -> None:
        """Takes the next document of a stream."""

    @abstractmethod
    def _conclude(self) -> None:
        """Emits what ends an answer: usage and `Finished`."""

    @property
    @abstractmethod
    def _complete(self) -> bool:
        """Whether the vendor's own end of the answer was seen."""

    def feed(self, data: bytes) -> list[Item]:
        """See `Decoder.feed`."""
        try:
            self._take(data)
        except ValueError as error:  # of JSON and of UTF-8
            self._fail(MalformedResponse(f"the answer is not in the format: {error}"))
        return self._drain()

    def close(self) -> list[Item]:
        """See `Decoder.close`."""
        try:
            self._close()
        except orjson.JSONDecodeError as error:
            self._fail(_broken_document(bytes(self._document_bytes), error))
        except ValueError as error:
            self._fail(MalformedResponse(f"the answer is not in the format: {error}"))
        return self._drain()

    def _emit(self, event: ProviderEvent) -> None:
        self._items.append(event)

    def _fail(self, error: ProviderError) -> None:
        if not self._ended:
            self._items.append(error)
            self._ended = True

    def _finish(self) -> None:
        if not self._ended:
            self._conclude()
            self._ended = True

    def _drain(self) -> list[Item]:
        items, self._items = self._items, []
        return items

    def _take(self, data: bytes) -> None:
        if self._ended:
            return
        if self._sse is not None:
            self._events(self._sse.feed(data))
        elif self._document_bytes:
            self._document_bytes += data
        elif start := data.lstrip():
            if start[:1] in b"{[":
                self._document_bytes += start
            else:
                self._sse = SseParser()
                self._head = start[:8]
                self._events(self._sse.feed(start))

    def _close(self) -> None:
        if self._ended:
            return
        if self._document_bytes:
            self._read_document()
            return
        if self._sse is not None:
            self._events(self._sse.close())
        if self._complete:
            self._finish()
        elif self._head and not self._head.startswith(_FIELDS):
            self._fail(MalformedResponse("the answer is neither JSON nor a stream of events"))
        else:
            self._fail(StreamInterrupted("the answer broke off before its end"))

    def _read_document(self) -> None:
        document = orjson.loads(self._document_bytes)
        if error := errors.in_body(document):
            self._fail(error)
        elif isinstance(document, dict):
            self._whole(document)
            self._finish()
        else:
            self._fail(MalformedResponse("the answer is a list, not an object"))

    def _events(self, events: list[ServerSentEvent]) -> None:
        for event in events:
            if self._ended:
                return
            self._event(event)

    def _event(self, event: ServerSentEvent) -> None:
        data = event.data.strip()
        if not data:
            return
        if data == "[DONE]":
            if self.done_ends or self._complete:
                self._finish()
        elif event.event == "error":
            self._fail(errors.in_stream(data))
        else:
            self._read_chunk(orjson.loads(data))

    def _read_chunk(self, chunk: object) -> None:
        if not isinstance(chunk, dict):
            self._fail(MalformedResponse("an event of the stream is not an object"))
            return
        error = errors.in_body(chunk)
        if error is None or "choices" in chunk:
            self._chunk(chunk)
        if error:
            self._fail(error)


def _broken_document(body: bytes, error: orjson.JSONDecodeError) -> ProviderError:
    if "unexpected end" in error.msg or _lacks_its_end(body, error):
        return StreamInterrupted("the answer broke off before its end")
    return MalformedResponse(f"the answer is not in the format: {error}")


def _lacks_its_end(body: bytes, error: orjson.JSONDecodeError) -> bool:
    try:
        return error.pos >= len(body.decode())
    except UnicodeDecodeError as fault:  # orjson does not tell where, nor whether it is half a character
        return fault.reason == "unexpected end of data"
