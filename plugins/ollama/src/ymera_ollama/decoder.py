"""Turns the body of a response into events."""

from ymera_ollama.answer_reader import AnswerReader
from ymera_ollama.errors import ERRORS
from ymera_service.sdk.wire.json_reader import as_object
from ymera_service.sdk.wire.lines import LinesDecoder


class ChatDecoder(LinesDecoder):
    """Decodes one answer; it is complete after the line that says `"done": true`."""

    errors = ERRORS

    def __init__(self) -> None:
        super().__init__()
        self._answer = AnswerReader()

    def _take_event(self, document: object) -> None:
        self._items.extend(self._answer.take(as_object(document)))
        self._ended = self._answer.ended
