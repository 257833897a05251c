"""Who answers."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol, runtime_checkable

from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.models import ModelInfo


@runtime_checkable
class Provider(Protocol):
    """Answers prompts with its models.

    Most providers are an `HttpProvider`: a dialect and an endpoint. One that is no HTTP API, such as an
    in-process model, implements this protocol itself.
    """

    @property
    def name(self) -> str:
        """The provider's name: lower-case letters, digits and hyphens. Model ids begin with it."""
        ...

    async def models(self) -> Sequence[ModelInfo]:
        """Returns the models it offers now. Asked at start and at each refresh of the catalogue.

        Raises:
            ProviderError: The provider can't be asked. It stays registered and is asked again later.
        """
        ...

    def generate(self, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answers one request; see `ymera_service.sdk.events` for what it yields and in which order.

        The caller bounds the time by cancelling the task and closes the generator when it wants no
        more; both must release every resource at once.

        Raises:
            ProviderError: The kind alone decides whether another model is tried.
        """
        ...
