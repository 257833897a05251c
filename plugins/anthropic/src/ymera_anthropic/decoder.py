"""The body of a response as events, however its bytes were cut and in whichever form it comes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import orjson

from ymera_anthropic.answer import Answer
from ymera_anthropic.fields import parse, record
from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.sse import ServerSentEvent, SseParser

_STREAM_BEGINS = b"edir:\xef"
"""First bytes of an event stream: those of its fields, of a comment and of a byte order mark."""

_INTERRUPTED = "the answer broke off before its end"


class _Body(Protocol):
    def feed(self, data: bytes) -> Iterator[ProviderEvent]: ...

    def close(self) -> Iterator[ProviderEvent]: ...


class MessagesDecoder:
    """Decodes one answer. Its form shows in its first byte, as not every server minds the `stream` it was asked."""

    def __init__(self) -> None:
        self._answer = Answer()
        self._body: _Body | None = None
        self._over = False

    def feed(self, data: bytes) -> Sequence[ProviderEvent | ProviderError]:
        """See `Decoder.feed`."""
        if self._over:
            return []
        if self._body is None:
            data = data.lstrip()
            if not data:
                return []
            self._body = _StreamBody(self._answer) if data[0] in _STREAM_BEGINS else _WholeBody(self._answer)
        return self._tell(self._body.feed(data))

    def close(self) -> Sequence[ProviderEvent | ProviderError]:
        """See `Decoder.close`."""
        if self._over:
            return []
        told = self._tell(self._body.close()) if self._body else []
        return told if self._over else [*told, *self._fail(StreamInterrupted(_INTERRUPTED))]

    def _tell(self, events: Iterable[ProviderEvent]) -> list[ProviderEvent | ProviderError]:
        told: list[ProviderEvent | ProviderError] = []
        try:
            told.extend(events)  # what came before a failure is kept
        except ProviderError as error:
            told += self._fail(error)
        except UnicodeDecodeError as error:
            told += self._fail(MalformedResponse(f"the provider sent something that is no UTF-8: {error.reason}"))
        self._over = self._over or self._answer.finished
        return told

    def _fail(self, error: ProviderError) -> list[ProviderEvent | ProviderError]:
        self._over = True
        return [*self._answer.usage(), error]


class _StreamBody:
    """Server-sent events, each with a JSON object that names its own kind."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parser = SseParser()

    def feed(self, data: bytes) -> Iterator[ProviderEvent]:
        yield from self._take(self._parser.feed(data))

    def close(self) -> Iterator[ProviderEvent]:
        try:
            yield from self._take(self._parser.close())
        except (MalformedResponse, UnicodeDecodeError):
            raise StreamInterrupted(_INTERRUPTED) from None  # half an event, or half a character

    def _take(self, events: Iterable[ServerSentEvent]) -> Iterator[ProviderEvent]:
        for event in events:
            if self._answer.finished:
                return
            if event.data and event.data != "[DONE]":  # OpenRouter ends its streams like that
                yield from self._answer.take(parse(event.data))


class _WholeBody:
    """One JSON object."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[ProviderEvent]:
        self._pieces.append(data)
        return iter(())

    def close(self) -> Iterator[ProviderEvent]:
        body = b"".join(self._pieces)
        try:
            message = record(orjson.loads(body))
        except orjson.JSONDecodeError as error:
            if _lacks_its_end(body, error):
                raise StreamInterrupted(_INTERRUPTED) from None
            raise MalformedResponse(f"the provider sent something that is no JSON: {error}") from None
        yield from self._answer.whole(message)


def _lacks_its_end(body: bytes, error: orjson.JSONDecodeError) -> bool:
    try:
        return error.pos >= len(body.decode())
    except UnicodeDecodeError as fault:  # orjson does not tell where, nor whether it is half a character
        return fault.reason == "unexpected end of data"
