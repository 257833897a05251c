"""Versions of the catalogue: a hash that decisions name, and the JSON in which the models are stored.

The JSON is a list of objects with the fields of `Model`, without `targets`, which are derived from its deployments.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import orjson
from pydantic import TypeAdapter

from ymera_service.sdk.models import Model, ModelInfo, Price
from ymera_service.sdk.targets import Target

_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Stored:
    """A model as it is stored."""

    id: str
    provider: str
    info: ModelInfo
    price: Price | None


def version_of(models: Iterable[Model], failed: Collection[str]) -> str:
    """Returns a hash of the models and of the names of the providers that could not list theirs."""
    return blake2b(to_json(models) + orjson.dumps(sorted(failed)), digest_size=_HASH_BYTES).hexdigest()


def to_json(models: Iterable[Model]) -> bytes:
    """Returns the stored form of models; equal models give equal bytes."""
    fields = [{"id": each.id, "provider": each.provider, "info": each.info, "price": each.price} for each in models]
    return orjson.dumps(fields, _plain, orjson.OPT_SORT_KEYS)


def from_json(data: bytes) -> dict[str, Model]:
    """Reads models from their stored form, by id.

    Raises:
        ValueError: The data is not a stored catalogue.
    """
    return {each.id: model_of(each.provider, each.info, each.price) for each in _catalogues().validate_json(data)}


def model_of(provider: str, info: ModelInfo, price: Price | None) -> Model:
    """Returns a provider's model with a target for each of its deployments."""
    name = f"{provider}/{info.name}"
    deployments = dict.fromkeys(info.deployments)
    return Model(name, provider, info, price, tuple(Target(provider, name, each) for each in deployments))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} can't be stored")


@cache
def _catalogues() -> TypeAdapter[list[_Stored]]:
    return TypeAdapter(list[_Stored])
