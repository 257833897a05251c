"""The models."""

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from statistics import fmean
from typing import Literal

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.catalog_pb2 import Fact, Model, ModelChange, ModelChangeKind, ModelKind, Price, Statement
from ymera.v1.routing_pb2 import Capability

from ymera_service.cli.render.figures import word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean


def models(offered: Sequence[Model]) -> Iterator[RenderableType]:
    """Shows the models with capabilities, prices in USD per million tokens, and measured quality."""
    if not offered:
        yield clean("No provider offers a model.")
        return
    rows = [
        [
            clean(model.id, "" if model.available else "dim"),
            f"{model.context_window:,}" if model.context_window else "?",
            *_price(model),
            ", ".join(map(_ability, model.capabilities)),
            _measured(model),
            ", ".join(_remarks(model)),
        ]
        for model in offered
    ]
    figures = ["context", "$ in", "$ out", "$ cache"]
    columns = ["model", *figures, "can", "measured", "notes"]
    drops = ("can", "notes", "$ cache", "measured", "context")
    yield table(columns, rows, right=figures, folds=("can", "notes"), drops=drops)


def changes(found: Sequence[ModelChange]) -> Iterator[RenderableType]:
    """Shows what changed, the latest first."""
    if not found:
        yield clean("Nothing changed in the lists of providers, as far as they are stored.")
        return
    rows = [
        [
            f"{change.noticed_at.ToDatetime():%Y-%m-%d %H:%M}",
            clean(change.model),
            ": ".join(filter(None, [word(ModelChangeKind.Name(change.kind), "MODEL_CHANGE_KIND_"), _detail(change)])),
        ]
        for change in found
    ]
    yield table(["noticed (UTC)", "model", "change"], rows, folds=("model", "change"), drops=("noticed (UTC)",))


def _detail(change: ModelChange) -> str:
    if change.kind == ModelChangeKind.MODEL_CHANGE_KIND_PRICE_CHANGED:
        before, after = (_both(change, name) for name in ("previous_price", "price"))
        return f"{before} → {after}"
    if change.retires:
        return f"until {change.retires}"
    return _both(change, "price") if change.HasField("price") else ""


def _both(change: ModelChange, name: Literal["previous_price", "price"]) -> str:
    """Returns the rates of a price."""
    price: Price = getattr(change, name)
    if not change.HasField(name):
        return "unknown"
    return f"${_dollars(price.input_micros_per_million)} in, ${_dollars(price.output_micros_per_million)} out"


def model(one: Model) -> Iterator[RenderableType]:
    """Shows all that is known of a model: each fact with its source, and what other sources state instead."""
    yield clean(one.id, "bold")
    yield clean(" · ".join([word(ModelKind.Name(one.kind), "MODEL_KIND_"), *_remarks(one)]))
    rows = [row for fact in one.facts for row in _rows(fact)]
    yield table(["fact", "value", "from", "as of"], rows, folds=("fact", "value", "from"), drops=("as of",))
    if open_questions := ", ".join(_not_known(one)):
        yield clean(f"not known: {open_questions}", "dim")
    yield clean(f"measured: {_measured(one)}")


def _rows(fact: Fact) -> Iterator[list[Text]]:
    """Yields a row for a fact, and one for each source that states another value."""
    by = next((each for each in fact.statements if each.source == fact.source), Statement())
    value = _value(fact.name, fact.value) if fact.value else "not known"
    yield [clean(_title(fact.name)), clean(value), clean(fact.source), clean(_day(by))]
    for other in fact.statements:
        if other.value != fact.value:
            yield [clean(""), *(clean(text, "yellow") for text in _other(fact.name, other))]


def _other(name: str, other: Statement) -> tuple[str, str, str]:
    return f"but {_value(name, other.value)}", other.source, _day(other)


def _title(name: str) -> str:
    part, _, tier = name.removeprefix("price.").partition(".above_")
    words = part.replace("_", " ")
    priced = f"$ {words}" if name.startswith("price.") else words
    return f"{priced} above {int(tier):,}" if tier.isdecimal() else priced


def _value(name: str, value: str) -> str:
    """Returns a value for people: prices in USD, per million tokens except for the one per request."""
    if not value.isdecimal():
        return value
    return _dollars(int(value)) if name.startswith("price.") else f"{int(value):,}"


def _day(statement: Statement) -> str:
    return f"{statement.stated_at.ToDatetime():%Y-%m-%d}" if statement.HasField("stated_at") else ""


def _not_known(one: Model) -> Iterator[str]:
    stated = {fact.name for fact in one.facts}
    if "context_window" not in stated:
        yield "context window"
    yield from (
        word(Capability.Name(each), "CAPABILITY_") for each in one.unknown_capabilities if _is_open(each, stated)
    )
    if not one.HasField("price"):
        yield "price"


def _is_open(capability: Capability.ValueType, stated: Collection[str]) -> bool:
    return Capability.Name(capability).removeprefix("CAPABILITY_").lower() not in stated


def _price(model: Model) -> tuple[str, str, str]:
    """Returns the price of input, of output, and of reading from and writing to the cache."""
    if not model.HasField("price"):
        return "unknown", "unknown", ""
    price = model.price
    read = _dollars(price.cache_read_micros_per_million) if price.HasField("cache_read_micros_per_million") else "–"
    write = _dollars(price.cache_write_micros_per_million) if price.HasField("cache_write_micros_per_million") else "–"
    cache = "" if read == write == "–" else f"{read}/{write}"
    return _dollars(price.input_micros_per_million), _dollars(price.output_micros_per_million), cache


def _dollars(micros: int) -> str:
    return f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _ability(capability: Capability.ValueType) -> str:
    if capability == Capability.CAPABILITY_STRUCTURED_OUTPUT:
        return "json"
    return word(Capability.Name(capability), "CAPABILITY_").removesuffix(" input")


def _measured(model: Model) -> str:
    """Returns the mean over the categories, and the best of them."""
    if not model.measured:
        return "not yet"
    best = max(model.measured, key=attrgetter("score"))
    mean = fmean(one.score for one in model.measured)
    return f"{mean:.2f}, best {best.category} {best.score:.2f}"


def _remarks(model: Model) -> Iterator[str]:
    if model.simulated:
        yield "simulated"
    if model.local:
        yield "local"
    elif model.free and not model.simulated:
        yield "free"
    if limits := " and ".join(_limits(model)):
        yield f"takes {limits}"
    if model.deprecated:
        yield f"deprecated, until {model.retires}" if model.retires else "deprecated"
    yield from _extra_charges(model.price)
    if not model.available:
        yield "failing, paused"


def _limits(model: Model) -> Iterator[str]:
    if model.HasField("requests_per_minute"):
        yield f"{model.requests_per_minute:,}/min"
    if model.HasField("requests_per_day"):
        yield f"{model.requests_per_day:,}/day"


def _extra_charges(price: Price) -> Iterator[str]:
    if price.micros_per_request:
        yield f"${_dollars(price.micros_per_request)} per request"
    for tier in price.tiers:
        read, written = _dollars(tier.input_micros_per_million), _dollars(tier.output_micros_per_million)
        yield f"above {tier.above_input_tokens:,} input tokens ${read} in and ${written} out"
