"""The Gemini API as a dialect."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

import orjson

from ymera_gemini.adaptations import adaptations_of
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.errors import ERRORS
from ymera_gemini.features import GEMINI, TIERS
from ymera_gemini.profiles import family_profile
from ymera_gemini.requests import generation
from ymera_gemini.response_reader import FORMAT
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.profiles import Profiles
from ymera_service.sdk.wire.tiers import Names, tier_named


class GeminiDialect:
    """The dialect of one endpoint; `profiles` holds the parameters that its models accept."""

    tiers: ClassVar[Names] = TIERS
    declared: ClassVar[Declared] = Declared(GEMINI, FORMAT)

    def __init__(self) -> None:
        self.profiles = Profiles(family_profile)

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile, asked = self.profiles.of(request.model), request.prompt.service_tier
        body = generation(request.prompt, profile)
        if tier := tier_named(asked, self.tiers):
            body["serviceTier"] = tier
        method = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        accept = "text/event-stream" if request.stream else "application/json"
        encoded = post(request.model, method, body, accept)
        found = (*adaptations_of(request.prompt, body, profile), *self.declared.of(request.prompt))
        return replace(encoded, adaptations=found)

    def encode_count(self, prompt: Prompt, model: str) -> HttpRequest:
        """Returns the request for the number of tokens of a prompt.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        body = generation(prompt, self.profiles.of(model))
        request = {"generateContentRequest": {"model": path_of(model).removeprefix("/"), **body}}
        return post(model, "countTokens", request)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return GenerateContentDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))


def post(model: str, method: str, body: Json, accept: str = "application/json") -> HttpRequest:
    """Returns a request that calls a method of a model."""
    headers = {"content-type": "application/json", "accept": accept}
    return HttpRequest("POST", f"{path_of(model)}:{method}", headers, orjson.dumps(body))


def path_of(model: str) -> str:
    """Returns the address of a model, which is in `models` unless its name states another collection."""
    return "/" + quote(model if "/" in model else f"models/{model}")
