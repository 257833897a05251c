"""Turns the body of a response into events."""

from collections.abc import Sequence

from ymera_gemini.errors import ERRORS
from ymera_gemini.response_reader import ResponseReader
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import as_object


class GenerateContentDecoder(BodyDecoder):
    """Decodes one answer: one document, server-sent events, or the array of chunks that a stream is without `alt=sse`.

    A stream has no end but that of its body; it is complete if all its candidates have a finish reason by then.
    """

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._response = ResponseReader()

    def _take_document(self, document: object) -> None:
        if isinstance(document, list):
            for chunk in document:
                self._take_event(chunk)
        else:
            self._items.extend(self._response.whole(as_object(document)))

    def _take_event(self, document: object) -> None:
        self._items.extend(self._response.take(as_object(document)))

    def _body_ended(self) -> None:
        if not self._response.complete:
            super()._body_ended()
        self._items.extend(self._response.finish())
        self._ended = True

    def _usage(self) -> Sequence[ProviderEvent]:
        return self._response.counts.reported()
