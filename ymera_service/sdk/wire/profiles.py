"""What the models of an endpoint accept: as configured or listed, or else as their family does."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Profile = TypeVar("Profile", bound="DataclassInstance")


class Profiles(Generic[Profile]):
    """The profiles of one endpoint's models by name."""

    def __init__(self, of_family: Callable[[str], Profile]) -> None:
        """`of_family` returns the profile of a model that is neither configured nor listed."""
        self._known: dict[str, Profile] = {}
        self._of_family = of_family

    def of(self, model: str) -> Profile:
        """Returns what a model accepts."""
        return self._known.get(model) or self._of_family(model)

    def learn(self, model: str, profile: Profile) -> None:
        """Stores the profile of a model, as configured or listed."""
        self._known[model] = profile


def configured(profile: Profile, model: BaseModel) -> Profile:
    """Returns a profile with the fields that the settings of a model set; capabilities that they set are known."""
    fields = {name: value for name in type(model).model_fields if (value := getattr(model, name)) is not None}
    if "capabilities" in fields:
        fields["unknown"] = frozenset()
    return replace(profile, **fields)
