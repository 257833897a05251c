"""Providers: what answers prompts."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from datetime import date

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.components import Component
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.keys import Keys
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    EmbedRequest,
    ModerateRequest,
    Moderations,
    Ranking,
    RerankRequest,
    TokenCount,
)


class Provider(Component):
    """Answers prompts with its models.

    Most providers are an `HttpProvider`: a dialect and an endpoint. One that is not an HTTP API, such as an
    in-process model, derives from this class directly.
    """

    name: str
    """The provider's name, with which the ids of its models begin: lower-case letters, digits and hyphens."""
    missing: str = ""
    """What has to be configured before it can answer, such as a key, as a sentence; empty if nothing is missing.
    Health reports a provider that misses something as absent, not as failing."""

    simulated: bool = False
    """Whether it makes its answers up. Such a provider is left out in production and where a real one is configured,
    unless the configuration has a table of its plugin."""
    configured: bool = True
    """Whether someone set it up; False for what is merely looked for, such as a local server at its usual port."""

    @property
    def origin(self) -> str:
        """Where its list of models is from: an address, and which accounts, without their secrets.

        The server keeps the list on disk for later starts, for as long as this stays the same. Empty if it is not to be
        kept, as it takes no time to make. Since contract 1.1.
        """
        return ""

    keys: Keys | None = None
    """The keys that it is called with, if operators may add some while the server runs. Since contract 1.1."""

    @abstractmethod
    async def models(self) -> Sequence[ModelInfo]:
        """Returns the models it offers now, of every kind. Called at start and at each refresh of the catalogue.

        Raises:
            ProviderError: The models can't be listed. The provider stays registered and is called again later.
        """

    @abstractmethod
    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Answers one request; see `ymera_service.sdk.events` for what it yields and in which order.

        The server enforces deadlines by cancelling the task, and closes the generator when it needs no more events;
        both must release every resource immediately.

        Raises:
            ProviderError: Its type decides whether another target is tried, its scope which other targets are affected.
        """

    async def check_key(self, account: str | None) -> None:
        """Checks whether the vendor accepts the key of an account, at no cost; None sends no key. Since contract 1.1.

        Raises:
            ProviderError: As `generate` does: why it is not accepted, or why that can't be found out;
                `InvalidProviderRequest` if a check would cost something.
        """
        raise InvalidProviderRequest(f"{self.name} has no free call that checks a key")

    async def billed(self, start: date, end: date) -> Sequence[Bill] | None:
        """Returns what the vendor bills for each day in UTC from `start` on and before `end`, as far as it says.

        None, which is the default, if the vendor can't be asked. Since contract 1.1.

        Raises:
            ProviderError: It does not answer, or not in its format; `AuthenticationFailed` if the key for it, which is
                usually not one that models are called with, is missing or not accepted: the message says what to set.
        """
        return None

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """Turns texts into vectors, with a model of kind `EMBED`. Cancelled like `generate`. Since contract 1.1.

        Raises:
            ProviderError: As `generate` does; `InvalidProviderRequest` if the provider offers no embeddings.
        """
        raise InvalidProviderRequest(f"{self.name} offers no embeddings")

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """Counts the tokens of a prompt, with a model of kind `GENERATE`, at no cost. An estimate is of no use: the
        server makes its own if this raises. Since contract 1.1.

        Raises:
            ProviderError: As `generate` does; `InvalidProviderRequest` if the provider does not count tokens.
        """
        raise InvalidProviderRequest(f"{self.name} does not count tokens")

    async def moderate(self, request: ModerateRequest, context: CallContext) -> Moderations:
        """Judges whether texts are harmful, with a model of kind `MODERATE`. Since contract 1.1.

        Raises:
            ProviderError: As `generate` does; `InvalidProviderRequest` if the provider offers no moderation.
        """
        raise InvalidProviderRequest(f"{self.name} offers no moderation")

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """Orders documents by how well they answer a query, with a model of kind `RERANK`. Since contract 1.1.

        Raises:
            ProviderError: As `generate` does; `InvalidProviderRequest` if the provider offers no reranking.
        """
        raise InvalidProviderRequest(f"{self.name} offers no reranking")
