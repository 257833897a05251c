"""The base class of the decoders of chat completions and of responses."""

from abc import abstractmethod

from ymera_openai.errors import ERRORS, in_body
from ymera_service.sdk.wire.decoder import BodyDecoder
from ymera_service.sdk.wire.json_reader import Json, as_object


class OpenAiDecoder(BodyDecoder):
    """Checks each document for an error, which vendors also report with status 200, in several forms."""

    errors = ERRORS

    @abstractmethod
    def _whole(self, document: Json) -> None:
        """Decodes the document of an answer that is not streamed."""

    @abstractmethod
    def _chunk(self, chunk: Json) -> None:
        """Decodes the next document of a stream."""

    @abstractmethod
    def _conclude(self) -> None:
        """Emits the last events of an answer: usage and `Finished`."""

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
