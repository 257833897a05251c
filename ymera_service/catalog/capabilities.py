"""What the configuration states of models' capabilities, which takes precedence over what their providers state."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from ymera_service.sdk.models import Capability

Abilities = Mapping[Capability, bool]
"""Whether a model has each capability; those that are left out are not stated."""


def abilities_of(model: str, stated: Mapping[str, Abilities]) -> Abilities:
    """Returns what is stated of a model, by its id or by patterns that match it; later ones take precedence."""
    abilities: dict[Capability, bool] = {}
    for pattern, each in stated.items():
        if pattern == model or fnmatchcase(model, pattern):
            abilities |= each
    return abilities
