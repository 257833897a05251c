"""Who may answer: every target is either eligible or excluded for a stated reason.

Only the rules that a request calls for are applied, in the order of `ExclusionReason`; the first that hits
names the reason. A simulated model is out as soon as there is a real one, healthy or not, or a provider that
can't list its models now: a made-up answer must never stand in for a real one unasked. Naming it in
`allow_models`, `model` or `fallback_models`, by an entry that means simulated models only, lets it in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf, isinf

import numpy as np

from ymera_service.routing.columns import Floats, Mask, Rows
from ymera_service.routing.decision import ANY_PREFERENCES, Exclusion, ExclusionCount, ExclusionReason, Preferences
from ymera_service.routing.learning.latency import Columns, Paces
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.scoring import highest_costs
from ymera_service.routing.table import Matches, Table
from ymera_service.routing.texts import clipped, dollars
from ymera_service.sdk.errors import ModelNotFound, ModelNotPermitted
from ymera_service.sdk.models import Capability
from ymera_service.sdk.targets import Target

MAX_PATTERN = 128
"""Characters of a pattern in an error."""


TEMPORARY = (ExclusionReason.UNHEALTHY, ExclusionReason.PAUSED)
"""The reasons that time removes: what they exclude is called after everything else."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A rule: the targets that it hits, and in words why it hits the one of a row."""

    reason: ExclusionReason
    hits: Mask
    detail: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Sifted:
    """The eligible rows; and each rule that excluded any, its hits narrowed to those, with their number."""

    eligible: Rows
    excluded: tuple[tuple[Filter, int], ...]

    def rows(self, positions: Sequence[int], table: Table) -> Sequence[int]:
        """Returns the rows at positions among the eligible ones."""
        return positions if self.eligible is table.everyone else self.eligible.take(positions).tolist()

    @property
    def failing(self) -> Rows | None:
        """The rows that only open breakers and pauses exclude; None if there are none. These rules are the last."""
        hits = [rule.hits for rule, _ in self.excluded[-len(TEMPORARY) :] if rule.reason in TEMPORARY]
        return np.logical_or.reduce(hits).nonzero()[0] if hits else None

    def counts(self, table: Table) -> tuple[ExclusionCount, ...]:
        """Returns how many targets each rule excludes, and one as an example."""
        return tuple(
            ExclusionCount(count, _exclusion(rule, int(rule.hits.argmax()), table)) for rule, count in self.excluded
        )

    def all(self, table: Table) -> tuple[Exclusion, ...]:
        """Returns every exclusion, in the order of rows."""
        found = [(row, rule) for rule, _ in self.excluded for row in rule.hits.nonzero()[0].tolist()]
        return tuple(_exclusion(rule, row, table) for row, rule in sorted(found, key=lambda pair: pair[0]))


def sift(filters: Iterable[Filter], table: Table) -> Sifted:
    """Applies rules in order."""
    left: Mask | None = None
    excluded: list[tuple[Filter, int]] = []
    for rule in filters:
        hits = rule.hits if left is None else rule.hits & left
        count = int(np.count_nonzero(hits))
        if count:
            excluded.append((Filter(rule.reason, hits, rule.detail), count))
            left = ~hits if left is None else left ^ hits
    return Sifted(table.everyone if left is None else left.nonzero()[0], tuple(excluded))


def filters_for(
    preferences: Preferences,
    needs: Needs,
    table: Table,
    *,
    required: int,
    paces: Paces,
    open_domains: Mapping[str, float],
    paused_domains: Mapping[str, float],
) -> Iterator[Filter]:
    """Yields the rules that a request calls for; `required` are the bits of the capabilities that it needs.

    Raises:
        ModelNotFound: A model that the preferences name matches none on offer.
        ModelNotPermitted: The caller may not use any model that such a name means.
    """
    if table.has_simulated or preferences is not ANY_PREFERENCES:
        yield from _listed(preferences, table)
    if preferences.data_regions:
        yield _of_regions(preferences.data_regions, table)
    if required:
        yield _capable(required, needs, preferences, table)
    if preferences.provider:
        yield _of_provider(preferences.provider, table)
    if needs.whole and needs.input_tokens + needs.reserved_tokens > table.smallest_window:
        yield _fits(needs, table)
    if preferences.max_cost_micros is not None:
        yield from _affordable(preferences, preferences.max_cost_micros, highest_costs(needs, table), table)
    if preferences.max_latency is not None:
        yield _quick(preferences.max_latency, needs.output_tokens, paces.columns)
    if open_domains:
        yield _healthy(open_domains, table)
    if paused_domains:
        yield _unpaused(paused_domains, table)


def missing(table: Table, row: int, required: Iterable[Capability]) -> str:
    """Returns the names of the capabilities that a row is not known to have."""
    return ", ".join(sorted(set(required) - table.models[row].info.capabilities))


def _exclusion(rule: Filter, row: int, table: Table) -> Exclusion:
    return Exclusion(table.targets[row], rule.reason, rule.detail(row))


def _listed(preferences: Preferences, table: Table) -> Iterator[Filter]:
    allowed = _matches("preferences.allow_models", preferences.allow_models, table) if preferences.allow_models else []
    denied = _matches("preferences.deny_models", preferences.deny_models, table) if preferences.deny_models else []
    listed = _listed_models(preferences, table) if preferences.model else []
    permitted = _permitted(preferences, table)
    if permitted:
        _check_permitted(preferences, (*allowed, *listed), permitted.mask)
        yield Filter(ExclusionReason.NOT_PERMITTED, ~permitted.mask, lambda _: "is none that the caller's key may use")
    if allowed:
        yield Filter(ExclusionReason.NOT_ALLOWED, ~_either(allowed), lambda _: "is not among allow_models")
    if listed:
        yield Filter(ExclusionReason.NOT_ALLOWED, ~_either(listed), lambda _: "is neither model nor a fallback")
    if denied:
        patterns = list(zip(preferences.deny_models, denied, strict=True))
        yield Filter(ExclusionReason.DENIED, _either(denied), lambda row: _denial(row, patterns))
    if table.has_simulated and (reality := _reality(table)):
        asked_for = [match for match in (permitted, *allowed, *listed) if match and match.simulated]
        hits = table.simulated & ~_either(asked_for) if asked_for else table.simulated
        yield Filter(ExclusionReason.SIMULATED, hits, lambda _: f"is simulated, and {reality}")


def _matches(field: str, patterns: Sequence[str], table: Table) -> list[Matches]:
    return [_match(f"{field}[{index}]", pattern, table) for index, pattern in enumerate(patterns)]


def _listed_models(preferences: Preferences, table: Table) -> list[Matches]:
    fallbacks = _matches("preferences.fallback_models", preferences.fallback_models, table)
    return [_match("preferences.model", preferences.model, table), *fallbacks]


def _permitted(preferences: Preferences, table: Table) -> Matches | None:
    """Returns what the caller's key may use; None if that is open. What an entry means may not be on offer now."""
    if not preferences.caller_models:
        return None
    found = [match for pattern in preferences.caller_models if (match := table.matches(pattern)).found]
    mask = _either(found) if found else np.zeros(len(table.targets), bool)
    return Matches(mask, bool(found), all(match.simulated for match in found))


def _check_permitted(preferences: Preferences, named: Sequence[Matches], permitted: Mask) -> None:
    """Raises `ModelNotPermitted` if the caller may not use any of the models that an entry means."""
    patterns = (*preferences.allow_models, *preferences.listed_models)
    for pattern, match in zip(patterns, named, strict=True):
        if match.mask.any() and not (match.mask & permitted).any():
            name = pattern[:MAX_PATTERN]
            raise ModelNotPermitted(f"your key may not use {name!r}", metadata={"model": name})


def _match(field: str, pattern: str, table: Table) -> Matches:
    found = table.matches(pattern)
    if not found.found:
        raise _unknown(field, pattern, table)
    return found


def _unknown(field: str, pattern: str, table: Table) -> ModelNotFound:
    near = table.catalog.close_to(pattern)
    remedy = f"did you mean {' or '.join(near)}?" if near else "ListModels returns the models on offer"
    provider = pattern.partition("/")[0]
    if error := table.catalog.provider_errors.get(provider):
        remedy = f"{provider} can't list its models now: {clipped(error, 500)}"
    named = pattern[:MAX_PATTERN]
    return ModelNotFound(
        f"{field}: no model has the name {named!r}; {remedy}", metadata={"field": field, "model": named}
    )


def _either(matches: Sequence[Matches]) -> Mask:
    if len(matches) == 1:
        return matches[0].mask
    either: Mask = np.logical_or.reduce([match.mask for match in matches])
    return either


def _denial(row: int, patterns: Iterable[tuple[str, Matches]]) -> str:
    pattern = next(pattern for pattern, match in patterns if match.mask[row])
    return f"deny_models has {clipped(pattern)!r}"


def _reality(table: Table) -> str:
    """Returns why no simulated model may stand in; empty where one may."""
    if table.real:
        return f"there are real models such as {clipped(table.real)}"
    silent = next(iter(table.catalog.provider_errors), "")
    return f"{silent} can't list its models now" if silent else ""


def _capable(required: int, needs: Needs, preferences: Preferences, table: Table) -> Filter:
    def detail(row: int) -> str:
        wanted = needs.capabilities | preferences.required_capabilities
        return f"lacks {missing(table, row, wanted - table.models[row].info.unknown)}"

    return Filter(ExclusionReason.MISSING_CAPABILITY, table.lacking(required), detail)


def _of_regions(allowed: Sequence[str], table: Table) -> Filter:
    regions = [target.deployment.region for target in table.targets]
    known = {region: any(fnmatchcase(region, pattern) for pattern in allowed) for region in set(regions) if region}
    hits = np.array([not known.get(region, False) for region in regions], bool)

    def detail(row: int) -> str:
        where = f"in {clipped(regions[row])}" if regions[row] else "in a region that is not known"
        return f"processes data {where}"

    return Filter(ExclusionReason.OTHER_REGION, hits, detail)


def _of_provider(provider: str, table: Table) -> Filter:
    others = np.array([model.provider != provider for model in table.models], bool)
    detail = f"lacks what the prompt takes from {clipped(provider)}, such as its own tools"
    return Filter(ExclusionReason.MISSING_CAPABILITY, others, lambda _: detail)


def _fits(needs: Needs, table: Table) -> Filter:
    tokens, reserved = needs.input_tokens, needs.reserved_tokens
    rooms = reserved if reserved <= table.smallest_answer else np.minimum(table.answers, reserved)

    def detail(row: int) -> str:
        window, room = table.windows[row], min(table.answers[row], reserved)
        return f"has a context of {window:,} tokens; the prompt takes about {tokens:,} and the answer {room:,}"

    return Filter(ExclusionReason.CONTEXT_TOO_SMALL, table.windows < rooms + tokens, detail)


def _affordable(preferences: Preferences, limit: int, costs: Floats, table: Table) -> Iterator[Filter]:
    unknown = table.costs.unknown
    name = f"{preferences.max_cost_setting} of your key" if preferences.max_cost_setting else "the limit"

    def detail(row: int) -> str:
        return f"may cost {dollars(int(costs[row]))}; {name} is {dollars(limit)}"

    yield Filter(ExclusionReason.TOO_EXPENSIVE, (costs > limit) & ~unknown, detail)
    yield Filter(ExclusionReason.PRICE_UNKNOWN, unknown, lambda _: "has no known price, and a cost limit is set")


def _quick(limit: float, output_tokens: int, paces: Columns) -> Filter:
    latencies = paces.latencies(output_tokens)
    return Filter(
        ExclusionReason.TOO_SLOW,
        (latencies > limit) & ~paces.unknown,
        lambda row: f"would take {latencies[row]:.1f} s; the limit is {limit:g} s",
    )


def _healthy(open_domains: Mapping[str, float], table: Table) -> Filter:
    waits = waits_for(open_domains, table)
    return Filter(ExclusionReason.UNHEALTHY, waits >= 0, lambda row: _ailment(row, open_domains, table))


def _unpaused(paused_domains: Mapping[str, float], table: Table) -> Filter:
    waits = waits_for(paused_domains, table)
    return Filter(ExclusionReason.PAUSED, waits >= 0, lambda row: _pause(row, paused_domains, table))


def waits_for(domains: Mapping[str, float], table: Table) -> Floats:
    """Returns the seconds until each row may be called again, given those of some domains; -1 where it may now.

    A pool may be called while one of its targets may.
    """
    waits = np.full(len(table.targets), -1.0)
    for domain, seconds in domains.items():
        if (rows := table.shared_domains.get(domain)) is not None:
            waits[rows] = np.maximum(waits[rows], max(seconds, 0.0))
        elif (row := table.rows.get(domain)) is not None:
            waits[row] = max(waits[row], seconds, 0.0)
    for accounts, rows in table.accounts.items():
        if all(account in domains for account in accounts):
            waits[rows] = np.maximum(waits[rows], max(min(domains[account] for account in accounts), 0.0))
    for row in {table.own_domains[domain] for domain in domains if domain in table.own_domains}:
        waits[row] = max(waits[row], _soonest(table.members[row], domains))
    return waits


def _soonest(pool: Sequence[Target], domains: Mapping[str, float]) -> float:
    """Returns the seconds until one of some targets may be called; -1 if one may now."""
    soonest = inf
    for target in pool:
        soonest = min(soonest, _wait(target, domains))
        if soonest < 0:
            break
    return soonest


def _wait(target: Target, domains: Mapping[str, float]) -> float:
    """Returns the seconds until a target may be called; -1 if it may now."""
    return max([max(domains[domain], 0.0) for domain in target.domains if domain in domains], default=-1.0)


_PARTS = ("it", "its account", "its endpoint", "it")
"""What is broken or paused, in the order of a target's domains."""


def _cause(row: int, domains: Mapping[str, float], table: Table) -> tuple[str, float]:
    """Returns what of a row is open or paused, and for how long: of its targets, that of the first to be free."""
    pool = table.members[row]
    target = min(pool, key=lambda each: _wait(each, domains))
    parts = zip(target.domains, _PARTS, strict=False)  # a target without an account has no pool besides itself
    closed = [(domains[domain], part) for domain, part in parts if domain in domains]
    wait, part = max(closed, key=lambda one: one[0])
    several = len(pool) > 1 and part == "its account"
    return f"each of its {len(pool)} accounts" if several else part, wait


def _pause(row: int, paused_domains: Mapping[str, float], table: Table) -> str:
    name, wait = _cause(row, paused_domains, table)
    return f"{name} is paused, as its provider asked, for {wait:.1f} s more"


def _ailment(row: int, open_domains: Mapping[str, float], table: Table) -> str:
    name, wait = _cause(row, open_domains, table)
    return f"{name} failed repeatedly" + ("" if isinf(wait) else f"; is tried again in {wait:.1f} s")
