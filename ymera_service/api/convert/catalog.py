"""Models."""

from ymera.v1 import catalog_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.routing import CAPABILITY_NUMBERS
from ymera_service.api.convert.usage import duration_fields
from ymera_service.catalog.changes import ChangeKind, DatedChange
from ymera_service.catalog.facts import Fact
from ymera_service.sdk.models import Kind, Price, Rates
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.listing import ListedModel
from ymera_service.storage.records import BenchmarkSummary

_CHANGES = {kind: pb.ModelChangeKind.Value(f"MODEL_CHANGE_KIND_{kind.name}") for kind in ChangeKind}
_KINDS = {kind: pb.ModelKind.Value(f"MODEL_KIND_{kind.name}") for kind in Kind}


def model_message(listed: ListedModel) -> pb.Model:
    """Returns a model and what is known of it."""
    model, info, measured = listed.model, listed.model.info, listed.measured
    fields: Fields = {
        "id": model.id,
        "provider": model.provider,
        "capabilities": sorted(CAPABILITY_NUMBERS[capability] for capability in info.capabilities),
        "kind": _KINDS[info.kind],
        "context_window": info.context_window or None,
        "max_output_tokens": info.max_output_tokens or None,
        "price": None if model.price is None else _price(model.price),
        "simulated": info.simulated,
        "local": info.local,
        "measured": [_measured(measured[category]) for category in sorted(measured)],
        "available": listed.available,
        "unknown_capabilities": sorted(CAPABILITY_NUMBERS[capability] for capability in info.unknown),
        "efforts": info.efforts or (),
        "deprecated": bool(info.deprecated),
        "retires": info.retires,
        "free": model.is_free,
        "requests_per_minute": info.limits.per_minute or None,
        "requests_per_day": info.limits.per_day or None,
        "facts": map(_fact, listed.facts),
    }
    return pb.Model(**fields)


def change_fields(dated: DatedChange) -> Fields:
    """Returns the fields of a change."""
    change = dated.change
    return {
        "kind": _CHANGES[change.kind],
        "model": change.model,
        "noticed_at": dated.time,
        "previous_price": None if change.before is None else _price(change.before),
        "price": None if change.after is None else _price(change.after),
        "retires": change.retires,
    }


def is_full(view: pb.ModelView.ValueType) -> bool:
    """Returns whether a view contains everything.

    Raises:
        InvalidRequest: It is not a view of this version of the contract.
    """
    faults = Violations()
    if view not in pb.ModelView.values():
        faults.add("view", f"{view} is not a view that this server knows")
    faults.check()
    return view == pb.MODEL_VIEW_FULL


def _fact(fact: Fact) -> pb.Fact:
    fields: Fields = {
        "name": fact.name,
        "value": _word(fact.value),
        "source": fact.source,
        "disputed": fact.is_disputed,
        "statements": [
            {"source": claim.source, "value": _word(value), "stated_at": claim.stated_at}
            for claim, value in fact.statements
        ],
    }
    return pb.Fact(**fields)


def _word(value: object) -> str:
    """Returns a fact's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return "" if value is None else str(value)


def _price(price: Price) -> Fields:
    return _rates(price) | {
        "source": price.source,
        "micros_per_request": price.per_request,
        "tiers": [_rates(tier) | {"above_input_tokens": tier.above_input_tokens} for tier in price.tiers],
    }


def _rates(rates: Rates) -> Fields:
    return {
        "input_micros_per_million": rates.input,
        "output_micros_per_million": rates.output,
        "cache_read_micros_per_million": rates.cache_read,
        "cache_write_micros_per_million": rates.cache_write,
        "reasoning_micros_per_million": rates.reasoning,
    }


def _measured(summary: BenchmarkSummary) -> Fields:
    return {
        "category": summary.category,
        "score": summary.score,
        "tasks": summary.tasks,
        "median_duration": duration_fields(summary.median_duration),
    }
