"""Permission to make a call, through which the breakers learn how it ended."""

from typing import TYPE_CHECKING

from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.events import Headroom
from ymera_service.sdk.targets import Target

if TYPE_CHECKING:
    from ymera_service.resilience.breaker import Breakers


class Permit:
    """Permission to make one call of a target; ends in exactly one of its verdicts.

    A call that began before a breaker opened says nothing about the recovery, so only probes are counted
    while a breaker is not closed.
    """

    __slots__ = ("_breakers", "_probed", "_target")

    def __init__(self, breakers: "Breakers", target: Target, probed: tuple[str, ...]) -> None:
        self._breakers = breakers
        self._target = target
        self._probed = probed

    @property
    def is_probe(self) -> bool:
        """Whether the call is to show if the target works again."""
        return bool(self._probed)

    def succeeded(self) -> None:
        """The target answered."""
        self._breakers.loads.ended(self._target)
        self._breakers.settle_success(self._target, self._probed)

    def failed(self, error: ProviderError) -> None:
        """The call failed; the error says whether and where that counts."""
        self._breakers.loads.ended(self._target)
        self._breakers.settle_failure(self._target, self._probed, error)

    def took(self, seconds: float, *, stream: bool, output_tokens: int = 0) -> None:
        """Takes the time to the first sign of a streamed answer, or to the end of another one."""
        self._breakers.loads.took(self._target, seconds, stream=stream, output_tokens=output_tokens)

    def heard(self, headroom: Headroom) -> None:
        """Takes what is left of the target's rate limits."""
        self._breakers.loads.heard(self._target, headroom)

    def released(self) -> None:
        """The call ended without a verdict, as when the caller went away."""
        self._breakers.loads.ended(self._target)
        self._breakers.release(self._probed)
