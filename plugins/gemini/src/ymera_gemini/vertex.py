"""Google's models at Vertex AI: the same format, other addresses, and access tokens instead of keys."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from ymera_gemini.dialect import GeminiDialect, post
from ymera_gemini.embeddings import encode_predict
from ymera_gemini.features import VERTEX as VERTEX_FEATURES
from ymera_gemini.profiles import Profile
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.requests import generation
from ymera_gemini.response_reader import FORMAT
from ymera_gemini.settings import ModelSettings
from ymera_gemini.tokens import AccessToken
from ymera_service.sdk.content import Media
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Endpoint, HttpRequest, Transport
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.targets import Deployment
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.tiers import Names

VERTEX = "vertexai"
_VERSION = "v1beta1"
MOST_INPUTS, MOST_TOKENS = 250, 20_000
"""Of one request for embeddings; models whose names begin with `gemini-embedding` take one text in each.
https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings, November 2026."""
_DEFAULT_MODELS = (
    "gemini-3.5-flash",
    "gemini-3.1-pro-preview",
    "gemini-3.1-flash-lite",
    "gemini-3-flash-preview",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
)
"""Those that models.dev listed on 2026-07-02. The API has no list of what a project can call in a region."""


class VertexDialect(GeminiDialect):
    """The dialect of Vertex AI, which counts tokens in another way and has no tiers in a body."""

    tiers: ClassVar[Names] = {}
    declared: ClassVar[Declared] = Declared(VERTEX_FEATURES, FORMAT)

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `GeminiDialect.encode`."""
        _refuse_kept_files(request.prompt)
        return super().encode(request)

    def encode_count(self, prompt: Prompt, model: str) -> HttpRequest:
        """See `GeminiDialect.encode_count`."""
        _refuse_kept_files(prompt)
        return post(model, "countTokens", generation(prompt, self.profiles.of(model)))


def _refuse_kept_files(prompt: Prompt) -> None:
    """Raises `InvalidProviderRequest` for a file by its id: unlike the Gemini API, Vertex AI keeps none."""
    parts = (part for message in prompt.messages for part in message.parts if isinstance(part, Media))
    if any(part.file_id and "://" not in part.file_id for part in parts):
        raise InvalidProviderRequest("Vertex AI keeps no files: send their bytes, or an address such as gs://…")


class VertexProvider(GeminiProvider):
    """The models of one project, in one or several locations, each of which is a target of every model."""

    _encode_embed = staticmethod(encode_predict)

    def __init__(
        self,
        addresses: Mapping[str, str],
        token: AccessToken,
        transport: Transport,
        models: Mapping[str, ModelSettings] | None = None,
    ) -> None:
        """`addresses` are those of the project by location; `models` replace the default ones."""
        offered = models or {name: ModelSettings() for name in _DEFAULT_MODELS}
        self._endpoints = {location: Endpoint(address) for location, address in addresses.items()}
        self._token = token
        first = next(iter(self._endpoints.values()))
        super().__init__(VERTEX, first, transport, offered, dialect=VertexDialect())

    @property
    def deployments(self) -> Sequence[Deployment]:
        """See `GeminiProvider.deployments`."""
        return [Deployment(endpoint=location, region=location) for location in self._endpoints]

    def _info(self, name: str, profile: Profile) -> ModelInfo:
        info = super()._info(name, profile)
        if profile.kind is not Kind.EMBED:
            return info
        most = 1 if name.startswith("gemini-embedding") else MOST_INPUTS
        return replace(info, max_batch_inputs=most, max_batch_tokens=MOST_TOKENS)

    async def authorize(self, request: HttpRequest, context: CallContext) -> HttpRequest:
        """See `HttpProvider.authorize`; a call goes to its target's location."""
        sent = self._endpoints.get(context.target.deployment.endpoint, self.endpoint).resolve(request)
        return replace(sent, headers={**sent.headers, "authorization": f"Bearer {await self._token.value()}"})


def address(project: str, location: str, host: str | None = None) -> str:
    """Returns the address of a project's models in a location."""
    prefix = "" if location == "global" else f"{location}-"
    base = host.rstrip("/") if host else f"https://{prefix}aiplatform.googleapis.com"
    return f"{base}/{_VERSION}/projects/{project}/locations/{location}/publishers/google"
