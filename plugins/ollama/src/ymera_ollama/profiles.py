"""What each model is known to accept."""

from collections.abc import Mapping
from dataclasses import dataclass

from ymera_service.sdk.models import Capability, Kind

Thinking = bool | str
"""A value of `think`: whether to think, or a level such as "high"."""

UNSTATED = frozenset({Capability.LOGPROBS})
"""What depends on the version of the host."""
MAY = frozenset({Capability.TOOLS, Capability.IMAGE_INPUT, Capability.REASONING}) | UNSTATED
"""What a model may be able to do; the API has nothing else, apart from schemas."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model accepts.

    Attributes:
        kind: What the model is for.
        capabilities: Capabilities beyond text.
        unknown: Capabilities that it may have.
        context_window: Tokens of prompt and answer together; 0 if not known.
        num_ctx: The tokens for which it is to be loaded; None leaves that to the host.
        thinking: The values of `think` that it accepts; None if not known.
        remote: Whether the host passes calls on to Ollama's own.
    """

    kind: Kind = Kind.GENERATE
    capabilities: frozenset[Capability] = frozenset({Capability.STRUCTURED_OUTPUT})
    unknown: frozenset[Capability] = MAY
    context_window: int = 0
    num_ctx: int | None = None
    thinking: tuple[Thinking, ...] | None = None
    remote: bool = False


UNKNOWN = Profile()


class Profiles:
    """The profiles of a provider's models, as they were listed last."""

    def __init__(self) -> None:
        self._listed: Mapping[str, Profile] = {}

    def of(self, model: str) -> Profile:
        """Returns what a model accepts."""
        return self._listed.get(model, UNKNOWN)

    def learn(self, listed: Mapping[str, Profile]) -> None:
        """Replaces the profiles."""
        self._listed = listed
