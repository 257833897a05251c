"""What changed between two lists of models: models that appear or vanish, prices, and deprecations."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from ymera_service.sdk.models import Model, Price

_log = structlog.get_logger(__name__)

MAX_LOGGED = 20
"""Changes of one list with a line in the log for each."""


class ChangeKind(StrEnum):
    """What happened to a model."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    PRICE_CHANGED = "price_changed"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one model. The prices are those before and after it; None if not known."""

    kind: ChangeKind
    model: str
    before: Price | None = None
    after: Price | None = None
    retires: str = ""


def changes(before: Mapping[str, Model], after: Mapping[str, Model]) -> Iterator[Change]:
    """Yields what changed between two lists of one provider's models, by their ids."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if new is None:
            yield Change(ChangeKind.VANISHED, name, before=old.price if old else None)
        elif old is None:
            yield Change(ChangeKind.APPEARED, name, after=new.price, retires=new.info.retires)
        else:
            if _rates(old.price) != _rates(new.price):
                yield Change(ChangeKind.PRICE_CHANGED, name, old.price, new.price)
            if new.info.deprecated and not old.info.deprecated:
                yield Change(ChangeKind.DEPRECATED, name, old.price, new.price, new.info.retires)


def _rates(price: Price | None) -> Price | None:
    """Returns a price without its source, as the same price may be stated by someone else now."""
    return None if price is None else replace(price, source="")


def log_changes(provider: str, before: Iterable[Model], after: Iterable[Model]) -> None:
    """Writes a line for each change, up to a bound, and one for the others together."""
    found = list(changes({model.id: model for model in before}, {model.id: model for model in after}))
    for change in found[:MAX_LOGGED]:
        figures = {
            name: f"{price.input} {price.output}"
            for name, price in (("before", change.before), ("after", change.after))
            if price is not None and change.kind is ChangeKind.PRICE_CHANGED
        }
        _log.info(f"model_{change.kind}", model=change.model, **figures)
    if len(found) > MAX_LOGGED:
        _log.info("models_changed", provider=provider, changes=len(found))


@dataclass(frozen=True, slots=True)
class DatedChange:
    """A change, and when it was noticed."""

    time: datetime
    change: Change


async def history(versions: AsyncIterator[tuple[datetime, Mapping[str, Model]]]) -> AsyncIterator[DatedChange]:
    """Yields the changes between stored versions of the catalogue, the latest first.

    A provider is compared with the version before in which it had models: one that could not list them, or that another
    server does not have, did not change.

    Args:
        versions: The versions, the latest first: when they were stored, and their models by id.
    """
    seen: dict[str, tuple[datetime, Mapping[str, Model]]] = {}
    async for stored_at, models in versions:
        for provider, offered in _by_provider(models).items():
            noticed, later = seen.get(provider, (stored_at, offered))
            for change in changes(offered, later):
                yield DatedChange(noticed, change)
            seen[provider] = stored_at, offered


def _by_provider(models: Mapping[str, Model]) -> Mapping[str, Mapping[str, Model]]:
    found: dict[str, dict[str, Model]] = {}
    for name, model in models.items():
        found.setdefault(model.provider, {})[name] = model
    return found
