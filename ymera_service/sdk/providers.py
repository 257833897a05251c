"""Who answers."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo


class Provider(ABC):
    """Answers prompts with its models.

    Most providers are an `HttpProvider`: a dialect and an endpoint. One that is not an HTTP API, such as an
    in-process model, derives from this class directly.
    """

    name: str
    """The provider's name: lower-case letters, digits and hyphens. Model ids begin with it."""
    missing: str = ""
    """What has to be configured before it can answer, such as a key, as a sentence; empty if nothing is missing.
    Health shows such a provider as absent, not as failing."""

    async def start(self) -> None:
        """Acquires what the provider needs while it serves. Called once, before `models` is asked.

        Raising keeps the provider out, with the reason shown in Health; the server still starts.
        """
        return

    async def close(self) -> None:
        """Releases everything. May be called twice, or without `start`; leaves nothing running."""
        return

    @abstractmethod
    async def models(self) -> Sequence[ModelInfo]:
        """Returns the models it offers now, of every kind. Asked at start and at each refresh of the catalogue.

        Raises:
            ProviderError: The provider can't be asked. It stays registered and is asked again later.
        """

    @abstractmethod
    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Answers one request; see `ymera_service.sdk.events` for what it yields and in which order.

        The server bounds the time by cancelling the task, and closes the generator when it wants no
        more; both must release every resource at once.

        Raises:
            ProviderError: Its type decides whether another target is tried, its scope what else is affected.
        """
