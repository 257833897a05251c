"""Which arm of an experiment a request gets: a function of its unit and the configuration, so that it needs no state.

First a hash says whether a unit takes part, so that larger shares only add units. Then each arm draws a number for the
unit, and the highest one counts, weighted by the arms' shares (weighted rendezvous hashing: Thaler and Ravishankar, "A
Name-Based Mapping Scheme for Rendezvous", 1996; Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005).
So a unit keeps its arm when all shares grow alike, and of two arms gets only the one whose share grew by comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import log

from ymera_service.config import ExperimentSettings, Unit
from ymera_service.routing.decision import Assignment, Preferences
from ymera_service.sdk.context import Attribution

_HASHES = 2**64


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom a request is from, as far as experiments and agents go by it."""

    caller: str
    attribution: Attribution
    request_id: str


class Experiment:
    """An experiment that is under way."""

    def __init__(self, name: str, settings: ExperimentSettings) -> None:
        self.name, self.settings = name, settings
        self._key = blake2b(f"{name}\0{settings.salt}".encode()).digest()
        self._shares = {arm: each.share for arm, each in settings.arms.items()}
        self._whole = sum(self._shares.values())
        self._stated = shares_text(self._shares)
        self._sets_weights = any(arm.cost_quality is not None for arm in settings.arms.values())
        self._sets_policy = any(arm.policy is not None for arm in settings.arms.values())

    def assign(self, preferences: Preferences, asker: Asker, category: str) -> Assignment | None:
        """Returns the arm of a request; None if it takes no part.

        What a caller says itself of the model, or of anything that an arm sets, would not depend on the arm; so such a
        request takes no part.
        """
        wanted = self.settings
        if (
            preferences.model
            or (self._sets_weights and preferences.weights is not None)
            or (self._sets_policy and preferences.policy)
            or (wanted.categories and category not in wanted.categories)
            or (wanted.callers and asker.caller not in wanted.callers)
            or (wanted.agents and asker.attribution.agent_name not in wanted.agents)
            or (wanted.labels and not wanted.labels.items() <= asker.attribution.labels.items())
        ):
            return None
        unit = _unit(wanted.unit, preferences, asker)
        arm = self.arm_of(unit) if unit else ""
        return Assignment(self.name, arm, self._stated) if arm else None

    def arm_of(self, unit: str) -> str:
        """Returns the arm of a unit; empty if it takes no part."""
        if self._draw("", unit) >= self._whole:
            return ""
        return max(self._shares, key=lambda arm: self._shares[arm] / -log(self._draw(f"\0{arm}", unit)))

    def _draw(self, purpose: str, unit: str) -> float:
        """Returns a number between 0 and 1."""
        digest = blake2b(f"{purpose}\0{unit}".encode(errors="replace"), key=self._key, digest_size=8).digest()
        return (int.from_bytes(digest) + 0.5) / _HASHES


def shares_text(shares: Mapping[str, float]) -> str:
    """Returns the shares of arms as they are stored."""
    return ",".join(f"{arm}={share:g}" for arm, share in shares.items())


def shares_of(text: str) -> dict[str, float]:
    """Reads them."""
    pairs = [pair.rpartition("=") for pair in text.split(",")]
    return {arm: float(share) for arm, _, share in pairs}


def _unit(unit: Unit, preferences: Preferences, asker: Asker) -> str:
    """Returns what the arm is drawn for; empty if the request does not say. Sessions are those of their caller."""
    if unit is Unit.SESSION:
        return f"{asker.caller}\0{preferences.session_id}" if preferences.session_id else ""
    if unit is Unit.CALLER:
        return asker.caller
    return asker.request_id if unit is Unit.REQUEST else asker.attribution.end_user
