"""The Messages API as a dialect."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from ymera_anthropic.adaptations import adaptations_of
from ymera_anthropic.decoder import MessagesDecoder
from ymera_anthropic.errors import ERRORS
from ymera_anthropic.messages import has_files
from ymera_anthropic.profiles import Profile, Samplers, family_profile
from ymera_anthropic.requests import generation, max_tokens, prompt_body
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.profiles import Profiles

DEFAULT_MAX_TOKENS = 32_000

_FILES_BETA = "files-api-2025-04-14"
_WITHOUT_SAMPLERS = "2026-10-21"
"""The version of the API that removed temperature, top_p and top_k for every model."""


class MessagesDialect:
    """The dialect of one endpoint; `profiles` holds the parameters that its models accept."""

    def __init__(self, version: str, default_max_tokens: int = DEFAULT_MAX_TOKENS, beta: Sequence[str] = ()) -> None:
        """`beta` are the features that the endpoint enables for every request."""
        self.profiles = Profiles(family_profile)
        self._beta = tuple(beta)
        self._samplers = version < _WITHOUT_SAMPLERS
        self._default_max_tokens = default_max_tokens

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        accept = "text/event-stream" if request.stream else "application/json"
        profile = self._profile(request.model)
        body = generation(request, profile, self._default_max_tokens)
        encoded = replace(_post("/messages", body, accept), adaptations=adaptations_of(request.prompt, body, profile))
        if not has_files(request.prompt.messages):
            return encoded
        beta = ",".join(dict.fromkeys((*self._beta, _FILES_BETA)))
        return replace(encoded, headers={**encoded.headers, "anthropic-beta": beta})

    def encode_count(self, prompt: Prompt, model: str) -> HttpRequest:
        """Returns the request for the number of tokens of a prompt.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile = self._profile(model)
        limit = max_tokens(prompt.sampling, profile, self._default_max_tokens)
        return _post("/messages/count_tokens", prompt_body(model, prompt, profile, limit), "application/json")

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return MessagesDecoder()

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))

    def _profile(self, model: str) -> Profile:
        profile = self.profiles.of(model)
        return profile if self._samplers else replace(profile, samplers=Samplers.NONE)


def _post(path: str, body: Json, accept: str) -> HttpRequest:
    return HttpRequest("POST", path, {"content-type": "application/json", "accept": accept}, orjson.dumps(body))
