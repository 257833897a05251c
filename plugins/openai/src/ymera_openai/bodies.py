"""What the bodies of chat completions and of responses have in common."""

from abc import abstractmethod

from ymera_openai.errors import ERRORS, in_body
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import Json, as_object


class OpenAiDecoder(BodyDecoder):
    """Looks for a failure in each document: vendors report it with status 200, too, and in many forms."""

    errors = ERRORS

    @abstractmethod
    def _whole(self, document: Json) -> None:
        """Takes the one document of an answer that is not streamed."""

    @abstractmethod
    def _chunk(self, chunk: Json) -> None:
        """Takes the next document of a stream."""

    @abstractmethod
    def _conclude(self) -> None:
        """Emits what ends an answer: usage and `Finished`."""

    def _take_document(self, document: object) -> None:
        if error := in_body(document):
            raise error
        self._whole(as_object(document))
        self._finish()

    def _take_event(self, document: object) -> None:
        error = in_body(document)
        if error is None or (isinstance(document, dict) and "choices" in document):
            self._chunk(as_object(document))
        if error:
            raise error

    def _finish(self) -> None:
        self._conclude()
        self._ended = True
