"""Turns the body of a response into events."""

from ymera_cohere.errors import ERRORS
from ymera_cohere.message_reader import MessageReader
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import as_object


class ChatDecoder(BodyDecoder):
    """Decodes one answer: one document, or server-sent events of which `message-end` is the last."""

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._message = MessageReader()

    def _take_document(self, document: object) -> None:
        self._items.extend(self._message.whole(as_object(document)))
        self._ended = self._message.ended

    def _take_event(self, document: object) -> None:
        self._items.extend(self._message.take(as_object(document)))
        self._ended = self._message.ended
