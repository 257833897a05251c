"""Turns the body of a response into events."""

from collections.abc import Iterator

from ymera_cohere import version_1
from ymera_cohere.errors import ERRORS
from ymera_cohere.message_reader import MessageReader
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.json_reader import Json, as_object
from ymera_service.sdk.wire.lines import LinesDecoder


class ChatDecoder(LinesDecoder):
    """Decodes one answer: one document, or events of which `message-end` is the last.

    Those of version 2 are server-sent events, those of version 1 lines.
    """

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._message = MessageReader()

    def _take_event(self, document: object) -> None:
        self._items.extend(self._read_document(as_object(document)))
        self._ended = self._message.ended

    def _read_document(self, document: Json) -> Iterator[ProviderEvent]:
        if version_1.is_event(document):
            for event in version_1.events(document):
                yield from self._message.take(event)
        elif "type" in document or document.get("error"):
            yield from self._message.take(document)
        elif version_1.is_answer(document):
            yield from self._message.whole(version_1.answer(document))
        else:
            yield from self._message.whole(document)
