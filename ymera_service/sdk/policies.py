"""Policies: in which order the models that may answer a request are tried."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from ymera_service.sdk.components import Component

Column = Any
"""A read-only numpy array of floats, one for each candidate. The SDK does not need numpy itself: operators, such as in
`candidates.quality * 2 > 1`, do for most policies."""


class Candidates(Protocol):
    """The targets that may answer a request, in the order of their models' ids: a column for each thing known of them.

    Columns are made when they are first asked for.
    """

    @property
    def models(self) -> Sequence[str]:
        """The model's id of each."""
        ...

    @property
    def quality(self) -> Column:
        """How good the answer is expected to be, from 0 to 1."""
        ...

    @property
    def doubt(self) -> Column:
        """The standard deviation of what the quality may really be."""
        ...

    @property
    def speed(self) -> Column:
        """How fast the answer is expected, from 0 for two minutes or more to 1 for a quarter of a second; 0.5 where not
        known."""
        ...

    @property
    def cost(self) -> Column:
        """How cheap it is expected to be, from 0 for a dollar or more to 1 for a thousandth of a cent; 0.5 where not
        known."""
        ...

    @property
    def micros(self) -> Column:
        """What it is expected to cost, in micro-USD; NaN where the price is not known."""
        ...

    @property
    def success(self) -> Column:
        """How likely a call succeeds, by the latest ones, from 0 to 1."""
        ...

    @property
    def previous(self) -> Column:
        """1 for the target that answered last in the session, else 0."""
        ...

    @property
    def balance(self) -> Column:
        """Quality, speed and cost by the weights of the request: the score where nothing else is asked for."""
        ...

    @property
    def complexity(self) -> float | None:
        """How demanding the request is, from 0 to 1 as in `Reading.complexity`; None where not known."""
        ...

    @property
    def turn(self) -> int:
        """A number that is counted up with every request of the server."""
        ...


class RoutingPolicy(Component):
    """Orders the candidates of a request. The request, or the configuration's `routing.policy`, names the one in use.

    Attributes:
        version: Recorded with each decision; count it up with each change that may order the same candidates otherwise.
        explores: Whether a candidate may be tried for what its answer teaches, within the configured bounds. A score
            then has to be proportional to the quality where all else is equal.
    """

    version: str = "1"
    explores: bool = False

    @abstractmethod
    def score(self, candidates: Candidates) -> Column:
        """Returns a finite score for each candidate; the highest is tried first, equal ones in a random order.

        Ymera adds what holds for every policy: 0.1 where a model is known to have what the request needs, up to 0.15
        for the target of the session, and a loss of up to 0.5 where calls fail. So a difference of 1 is never undone.

        Called for each request, on the event loop: return within microseconds, whatever the number of candidates, keep
        nothing, and return the same for the same candidates. If it raises or returns anything else, the balance counts.
        """
