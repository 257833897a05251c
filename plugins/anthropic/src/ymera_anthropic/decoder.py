"""The body of a response as events."""

from collections.abc import Sequence

from ymera_anthropic.answer import Answer
from ymera_anthropic.errors import ERRORS
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import as_object


class MessagesDecoder(BodyDecoder):
    """Decodes one answer. Only its `message_stop` ends it; the `[DONE]` of OpenRouter's says nothing."""

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._answer = Answer()

    def _take_document(self, document: object) -> None:
        self._items.extend(self._answer.whole(as_object(document)))
        self._ended = True

    def _take_event(self, document: object) -> None:
        self._items.extend(self._answer.take(as_object(document)))
        self._ended = self._answer.finished

    def _usage(self) -> Sequence[ProviderEvent]:
        return self._answer.usage()
