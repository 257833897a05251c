"""What to expect of models before they are measured."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from ymera_service.sdk.components import Component
from ymera_service.sdk.models import Model


@dataclass(frozen=True, slots=True)
class Expectation:
    """How good a model is expected to be.

    Attributes:
        quality: Category → share of tasks done well, from 0 to 1. Categories that are missing are not known.
        basis: What it rests on, for people: "published scores (LiveBench, 2026-07)".
    """

    quality: Mapping[str, float]
    basis: str


class QualityPrior(Component):
    """Says how good models are before anything was measured; every benchmark task outweighs it a little more.

    The configuration's `routing.prior` names the one in use.
    """

    @abstractmethod
    def expect(self, model: Model) -> Expectation | None:
        """Returns what is expected of a model; None if nothing is known about it.

        Called for each model whenever the catalogue changes, on the event loop: return within microseconds.
        """
