"""The Converse API as a dialect, and InvokeModel for models that are called by it."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import orjson

from ymera_bedrock.adaptations import adaptations_of
from ymera_bedrock.decoder import ConverseDecoder, InvokeDecoder
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.invoke import FORMATS
from ymera_bedrock.profiles import Profile, family_profile
from ymera_bedrock.requests import generation, prompt_body
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Decoder, HttpRequest, HttpResponse
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.profiles import Profiles

_EVENTS = "application/vnd.amazon.eventstream"
_TIER = "x-amzn-bedrock-service-tier"
_USUAL_LIMIT = 4_096
"""Tokens of an answer, for formats that require a limit and models whose own is not known."""
_IN_PATHS = "!$&'()*,:;=@"
"""Stay as they are: a client of HTTP would undo their encoding, and the signature has to be of what is sent."""


class ConverseDialect:
    """The dialect of Bedrock; `profiles` holds the parameters that its models accept."""

    def __init__(self) -> None:
        self.profiles = Profiles(family_profile)

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile = self.profiles.of(request.model)
        body = generation(request.prompt, profile)
        streams = request.stream and profile.streams
        encode = _converse if profile.api not in FORMATS else _invoke
        encoded = encode(request.model, body, profile, streams=streams)
        return replace(encoded, adaptations=adaptations_of(request.prompt, body, profile))

    def encode_count(self, prompt: Prompt, model: str) -> HttpRequest:
        """Returns the request for the number of tokens of a prompt.

        Raises:
            InvalidProviderRequest: The prompt holds something that the API can't express.
        """
        profile = self.profiles.of(model)
        if profile.api not in FORMATS:
            return post(model, "count-tokens", {"input": {"converse": prompt_body(prompt, profile)}})
        body = b64encode(_invoke(model, generation(prompt, profile), profile, streams=False).body).decode()
        return post(model, "count-tokens", {"input": {"invokeModel": {"body": body}}})

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        form = FORMATS.get(self.profiles.of(request.model).api)
        return ConverseDecoder() if form is None else InvokeDecoder(form)

    def decode_error(self, response: HttpResponse) -> ProviderError:
        """See `Dialect.decode_error`."""
        return ERRORS.of_response(response, datetime.now(UTC))


def _converse(model: str, body: Json, profile: Profile, *, streams: bool) -> HttpRequest:
    return post(model, "converse-stream", body, _EVENTS) if streams else post(model, "converse", body)


def _invoke(model: str, body: Json, profile: Profile, *, streams: bool) -> HttpRequest:
    """Returns the request in the model's own format; the tier is in a header, where Converse has a member."""
    tier = body.pop("serviceTier", None)
    form = FORMATS[profile.api]
    passed = form.request(body, profile.max_output_tokens or _USUAL_LIMIT)
    method, accept = ("invoke-with-response-stream", _EVENTS) if streams else ("invoke", "application/json")
    encoded = post(model, method, passed, accept)
    return encoded if tier is None else replace(encoded, headers={**encoded.headers, _TIER: tier["type"]})


def post(model: str, method: str, body: Json, accept: str = "application/json") -> HttpRequest:
    """Returns a request that calls a method of a model."""
    headers = {"content-type": "application/json", "accept": accept}
    return HttpRequest("POST", f"/model/{quote(model, safe=_IN_PATHS)}/{method}", headers, orjson.dumps(body))
