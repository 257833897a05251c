"""Model servers on this machine, discovered on their default ports.

Many programs listen on 8000 and 8080, so each server is identified before its models are offered.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.listing import Offer
from ymera_openai.provider import OpenAiProvider
from ymera_openai.quirks import Quirks, ReasoningEcho
from ymera_service.sdk.errors import MalformedResponse, ProviderError
from ymera_service.sdk.http import Endpoint, HttpRequest, Transport, read
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.wire.json_reader import Json, members, read_object, text

_OFFER = Offer(has=frozenset({Capability.STRUCTURED_OUTPUT}), price=Price(0, 0, source="local"), local=True)
"""All of these servers enforce a schema by constraining the sampler, independent of the model."""


class LocalServer(OpenAiProvider):
    """A server of one kind. While it does not answer, it offers no models."""

    name: str
    default_root: str
    quirks = Quirks(top_k=True, echo=ReasoningEcho.CONTENT)

    def __init__(self, transport: Transport, configured: Endpoint | None = None, names: Sequence[str] = ()) -> None:
        """
        Args:
            transport: Carries the requests.
            configured: The configured endpoint; a server missing there is an error. None means the default port.
            names: The models to offer, instead of those that the server lists.
        """
        base = configured or Endpoint(self.default_root)
        self._root = replace(base, base_url=base.base_url.rstrip("/").removesuffix("/v1"))
        endpoint = replace(base, base_url=self._root.base_url + "/v1")
        super().__init__(self.name, ChatCompletions(self.quirks), endpoint, transport, offer=_OFFER, names=names)
        self.configured = configured is not None

    async def models(self) -> Sequence[ModelInfo]:
        """See `Provider.models`."""
        if self._names:
            return await super().models()
        try:
            return await self._list()
        except ProviderError:
            if self.configured:
                raise
            return []

    @abstractmethod
    async def _list(self) -> Sequence[ModelInfo]:
        """Returns the models. Raises `ProviderError` if the server is not certain to be of this kind."""

    async def _get(self, path: str) -> Json:
        async with self._transport.open(self._root.resolve(HttpRequest("GET", path))) as stream:
            response = await read(stream)
        if response.status >= 400:
            raise self.dialect.decode_error(response)
        return read_object(response.body)

    def _unlike(self) -> ProviderError:
        return MalformedResponse(f"the server at {self._root.base_url} is not {self.name}")


class LlamaCpp(LocalServer):
    """llama.cpp's server reports itself as the owner of its models."""

    name = "llamacpp"
    default_root = "http://127.0.0.1:8080"

    async def _list(self) -> Sequence[ModelInfo]:
        document = await self._get("/v1/models")
        described = {text(model, "name"): model.get("capabilities") for model in members(document, "models")}
        entries = _owned_by(document, "llamacpp")
        if not entries:
            raise self._unlike()
        return [
            _OFFER.described(_only_true({**entry, "capabilities": described.get(text(entry, "id"))}))
            for entry in entries
        ]


class Vllm(LocalServer):
    """vLLM reports itself as the owner of its models."""

    name = "vllm"
    default_root = "http://127.0.0.1:8000"

    async def _list(self) -> Sequence[ModelInfo]:
        entries = _owned_by(await self._get("/v1/models"), "vllm")
        if not entries:
            raise self._unlike()
        return [_OFFER.described(entry) for entry in entries]


class LmStudio(LocalServer):
    """LM Studio has a separate listing that states the kind of each model."""

    name = "lmstudio"
    default_root = "http://127.0.0.1:1234"

    async def _list(self) -> Sequence[ModelInfo]:
        entries = members(await self._get("/api/v0/models"), "data")
        if not entries or not all(text(entry, "type") and "compatibility_type" in entry for entry in entries):
            raise self._unlike()
        return [_OFFER.described(_seeing(entry)) for entry in entries]


LOCAL_SERVERS: tuple[type[LocalServer], ...] = (LlamaCpp, Vllm, LmStudio)


def _owned_by(document: Json, owner: str) -> list[Json]:
    return [entry for entry in members(document, "data") if text(entry, "id") and text(entry, "owned_by") == owner]


def _only_true(entry: Json) -> Json:
    """The list states vision but not tools, so a capability that it does not name is unknown, not absent."""
    words = entry.pop("capabilities")
    return {**entry, **({"multimodal": True} if isinstance(words, list) and "multimodal" in words else {})}


def _seeing(entry: Json) -> Json:
    return {**entry, "vision": text(entry, "type") == "vlm"}
