"""The models."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from statistics import fmean

from rich.console import RenderableType
from ymera.v1.catalog_pb2 import Model, Price
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
    yield from _extra_charges(model.price)
    if not model.available:
        yield "failing, paused"


def _extra_charges(price: Price) -> Iterator[str]:
    if price.micros_per_request:
        yield f"${_dollars(price.micros_per_request)} per request"
    for tier in price.tiers:
        read, written = _dollars(tier.input_micros_per_million), _dollars(tier.output_micros_per_million)
        yield f"above {tier.above_input_tokens:,} input tokens ${read} in and ${written} out"
