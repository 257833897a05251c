"""The Converse API as a dialect."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import orjson

from ymera_bedrock.adaptations import adaptations_of
from ymera_bedrock.decoder import ConverseDecoder
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.profiles import Profiles
from ymera_bedrock.requests import generation, prompt_body
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json

_EVENTS = "application/vnd.amazon.eventstream"
_IN_PATHS = "!$&'()*,:;=@"
"""Stay as they are: a client of HTTP would undo their encoding, and the signature has to be of what is sent."""


class ConverseDialect:
    """The dialect of Bedrock; `profiles` holds the parameters that its models accept."""

    def __init__(self) -> None:
        self.profiles = Profiles()

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile = self.profiles.of(request.model)
        body = generation(request.prompt, profile)
        method, accept = (
            ("converse-stream", _EVENTS) if request.stream and profile.streams else ("converse", "application/json")
        )
        encoded = post(request.model, method, body, accept)
        return replace(encoded, adaptations=adaptations_of(request.prompt, body, profile))

    def encode_count(self, prompt: Prompt, model: str) -> HttpRequest:
        """Returns the request for the number of tokens of a prompt.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        body = {"input": {"converse": prompt_body(prompt, self.profiles.of(model))}}
        return post(model, "count-tokens", body)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ConverseDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))


def post(model: str, method: str, body: Json, accept: str = "application/json") -> HttpRequest:
    """Returns a request that calls a method of a model."""
    headers = {"content-type": "application/json", "accept": accept}
    return HttpRequest("POST", f"/model/{quote(model, safe=_IN_PATHS)}/{method}", headers, orjson.dumps(body))
