"""What is known of a model, from whom, and since when.

Sources in the order in which they count: the configuration, what the provider states, tables of published facts (the
latest first), what the provider assumes from the model's name, price lists. Each fact is settled by the first source
that states it, with one exception: of capabilities, tables and assumptions count only as far as they agree. A table
lags behind what vendors add, so what it alone denies, or what they disagree on, is unknown, and routing still tries it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from ymera_service.sdk.models import Capability, ModelInfo, Price, RequestLimits

CONFIGURATION, PROVIDER, ASSUMED = "configuration", "provider", "the model's name"
_LIMITS = {f"requests_{limit.name}": limit.name for limit in fields(RequestLimits)}
_FIGURES = ("context_window", "max_output_tokens")
_OTHERS = ("efforts", "deprecated", "retires")
_BY_NAME = {capability.value: capability for capability in Capability}
_UNSTATED: Mapping[str, object] = {
    "efforts": None,
    "deprecated": None,
    "retires": "",
    "price": None,
    **dict.fromkeys((*_FIGURES, *_LIMITS), 0),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source states of a model.

    Attributes:
        source: "configuration", "provider", the origin of a table, "the model's name", or a price list.
        stated_at: When it stated that; None if that is not known.
        facts: By the names of fields of `ModelInfo`, for capabilities by their values, and for limits of requests
            "requests_per_minute" and "requests_per_day".
        weak: Whether what it states of capabilities counts only if others do not contradict it.
    """

    source: str
    stated_at: datetime | None
    facts: Mapping[str, object]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its value, and what each source states of it, in the order in which they count.

    `value` is None if it is not known. `source` is the one that settled it; empty if it is not known.
    """

    name: str
    value: object
    source: str
    statements: tuple[tuple[Claim, object], ...]

    @property
    def is_disputed(self) -> bool:
        """Whether sources state different values."""
        return len({value for _, value in self.statements}) > 1


def claims_of(info: ModelInfo, stated_at: datetime | None) -> tuple[Claim, Claim]:
    """Returns what a provider states of a model, and what it assumes."""
    facts = stated(info)
    assumed = {name: value for name, value in facts.items() if name in info.assumed}
    own = {name: value for name, value in facts.items() if name not in info.assumed}
    return Claim(PROVIDER, stated_at, own), Claim(ASSUMED, None, assumed, weak=True)


def stated(info: ModelInfo) -> dict[str, object]:
    """Returns the facts in a description of a model; what it leaves open is not in the result."""
    known: dict[str, object] = {
        name: capability in info.capabilities for name, capability in _BY_NAME.items() if capability not in info.unknown
    }
    given = {name: getattr(info, name) for name in (*_FIGURES, *_OTHERS, "price")}
    given |= {name: getattr(info.limits, limit) for name, limit in _LIMITS.items()}
    return known | {name: value for name, value in given.items() if value != _UNSTATED[name]}


def settled(claims: Sequence[Claim]) -> dict[str, object]:
    """Returns the facts that the claims give, by name; what is not known is not in the result."""
    facts: dict[str, object] = {}
    for claim in reversed(claims):
        facts |= claim.facts
    strong = {name for claim in claims if not claim.weak for name in claim.facts}
    weak = [claim for claim in claims if claim.weak]
    for name in {name for claim in weak for name in claim.facts} & _BY_NAME.keys() - strong:
        if (value := _agreed(name, weak)) is None:
            del facts[name]
        else:
            facts[name] = value
    return facts


def _agreed(name: str, claims: Iterable[Claim]) -> bool | None:
    """Returns what weak sources say of a capability; None if they disagree, or if only tables deny it."""
    words = {claim.source: claim.facts[name] for claim in claims if name in claim.facts}
    if all(words.values()):
        return True
    return False if words.get(ASSUMED) is False and not any(words.values()) else None


def with_facts(info: ModelInfo, facts: Mapping[str, object]) -> ModelInfo:
    """Returns a model with these facts and no others; its own price stays as it is."""
    given = {name: facts.get(name, _UNSTATED[name]) for name in (*_FIGURES, *_OTHERS)}
    changed: Mapping[str, object] = {
        "capabilities": frozenset(capability for name, capability in _BY_NAME.items() if facts.get(name)),
        "unknown": frozenset(capability for name, capability in _BY_NAME.items() if name not in facts),
        "limits": RequestLimits(**{limit: facts.get(name, 0) for name, limit in _LIMITS.items()}),  # type: ignore[arg-type]  # as `stated` returned them
        "assumed": frozenset(),
        **given,
    }
    return replace(info, **changed)  # type: ignore[arg-type]  # the same


def explained(claims: Sequence[Claim]) -> Iterator[Fact]:
    """Yields each fact that any source states, in the order of fields; of prices, each part."""
    split = [replace(claim, facts=_with_price_parts(claim.facts)) for claim in claims]
    final = _with_price_parts(settled(claims))
    names = [*_FIGURES, *_BY_NAME, *_OTHERS, *_LIMITS]
    names += sorted({name for claim in split for name in claim.facts if name.startswith("price")})
    for name in names:
        statements = tuple((claim, claim.facts[name]) for claim in split if name in claim.facts)
        if statements:
            value = final.get(name)
            source = next((claim.source for claim, its in statements if its == value), "")
            yield Fact(name, value, source, statements)


def _with_price_parts(facts: Mapping[str, object]) -> dict[str, object]:
    price = facts.get("price")
    others = {name: value for name, value in facts.items() if name != "price"}
    return others | (dict(_parts(price)) if isinstance(price, Price) else {})


def _parts(price: Price) -> Iterator[tuple[str, int]]:
    for rate in ("input", "output", "cache_read", "cache_write", "reasoning"):
        if (value := getattr(price, rate)) is not None:
            yield f"price.{rate}", value
        for tier in price.tiers:
            if (value := getattr(tier, rate)) is not None:
                yield f"price.{rate}.above_{tier.above_input_tokens}", value
    if price.per_request:
        yield "price.per_request", price.per_request
