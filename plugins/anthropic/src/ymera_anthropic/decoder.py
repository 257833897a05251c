"""Turns the body of a response into events."""

from collections.abc import Sequence

from ymera_anthropic.errors import ERRORS
from ymera_anthropic.message_reader import MessageReader
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import as_object


class MessagesDecoder(BodyDecoder):
    """Decodes one answer. Only `message_stop` ends it; the `[DONE]` that OpenRouter adds is ignored."""

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._message = MessageReader()

    def _take_document(self, document: object) -> None:
        self._items.extend(self._message.whole(as_object(document)))
        self._ended = True

    def _take_event(self, document: object) -> None:
        self._items.extend(self._message.take(as_object(document)))
        self._ended = self._message.finished

    def _usage(self) -> Sequence[ProviderEvent]:
        return self._message.usage()
