"""Lists a provider's models. Providers are plugins: any failure of their code is contained here."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import structlog

from ymera_service.plugins.containment import contained
from ymera_service.plugins.wording import words
from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price, RequestLimits
from ymera_service.sdk.providers import Provider

_log = structlog.get_logger(__name__)


MAX_MODELS = 10_000
"""Models of one provider; the largest list known, that of a marketplace, has about a thousand."""
MAX_DEPLOYMENTS = 256
MAX_QUALITIES = 100
MAX_REPORTED = 20
"""Models that are left out with a line in the log for each."""
MAX_NAME = 192
"""Characters of a model's name: with the provider's name it has to fit into a pattern that callers may send."""
MAX_DEPLOYMENT = 64
"""Characters of an account's or endpoint's name: stored decisions contain several and have to stay small."""
MAX_TOKENS = 2**40
"""The largest plausible context."""


class DiscoveryFailed(Exception):
    """A provider could not list its models; `problem` is the reason, for people, and `slow` that it took too long."""

    def __init__(self, problem: str, *, slow: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.slow = slow


async def discover(
    provider: Provider, seconds: float, given_up: Callable[[str], None] = lambda place: None
) -> tuple[ModelInfo, ...]:
    """Returns the models that a provider offers now, each name once and valid as part of an id.

    Args:
        provider: The provider.
        seconds: How long it may take.
        given_up: Called with the place in its code if it does not end when its time is over.

    Raises:
        DiscoveryFailed: The provider raised, took longer than `seconds`, or did not return models.
    """
    try:
        async with asyncio.timeout(seconds):
            offered = await contained(provider.models(), given_up)
        return tuple(usable(provider.name, _bounded(offered)))
    except TimeoutError:
        raise DiscoveryFailed(f"did not list its models within {seconds:g} s", slow=True) from None
    except YmeraError as error:
        raise DiscoveryFailed(error.message) from error
    except DiscoveryFailed:
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError):
            if being_cancelled():
                raise
            raise DiscoveryFailed("raised CancelledError without being cancelled") from error
        raise DiscoveryFailed(words(error)) from error


def _bounded(offered: Iterable[ModelInfo]) -> Iterator[ModelInfo]:
    for count, info in enumerate(offered):
        if count == MAX_MODELS:
            raise DiscoveryFailed(f"offers more than {MAX_MODELS} models")
        yield info


def usable(provider: str, offered: Iterable[ModelInfo]) -> Iterable[ModelInfo]:
    """Yields the models that can be offered; the others are logged."""
    seen: set[str] = set()
    left_out = 0
    for info in offered:
        problem = problem_of(info, seen)
        if not problem:
            seen.add(info.name)
            yield info
            continue
        left_out += 1
        if left_out <= MAX_REPORTED:
            _log.warning("model_left_out", provider=provider, model=f"{_name(info)!r:.200}", problem=problem)
    if left_out > MAX_REPORTED:
        _log.warning("models_left_out", provider=provider, models=left_out)


def _name(info: object) -> object:
    name = info.name if isinstance(info, ModelInfo) else type(info).__name__
    return name[:200] if isinstance(name, str) else type(name).__name__


def problem_of(info: object, seen: Collection[str] = ()) -> str:
    """Returns why a model can't be offered, or an empty string. Types are checked, as plugins may ignore them."""
    if not isinstance(info, ModelInfo):
        return "is not a ModelInfo"
    return _wrong_type(info) or _wrong_name(info, seen) or _wrong_figure(info) or _wrong_deployment(info)


def _wrong_name(info: ModelInfo, seen: Collection[str]) -> str:
    if not isinstance(info.name, str) or not info.name:
        return "has no name"
    if not info.name.isprintable() or " " in info.name:
        return "has white space or control characters in its name"
    if len(info.name) > MAX_NAME:
        return f"has a name of more than {MAX_NAME} characters"
    if info.name in seen:
        return "is offered twice"
    return ""


def _wrong_type(info: ModelInfo) -> str:
    checks = {
        "kind": isinstance(info.kind, Kind),
        f"list of deployments, at most {MAX_DEPLOYMENTS},": isinstance(info.deployments, tuple | list)
        and len(info.deployments) <= MAX_DEPLOYMENTS,
        "set of capabilities": isinstance(info.capabilities, frozenset | set) and info.capabilities <= _CAPABILITIES,
        "price": info.price is None or isinstance(info.price, Price),
        "price_vendor": isinstance(info.price_vendor, str) and len(info.price_vendor) <= MAX_NAME,
        "stated_quality": isinstance(info.stated_quality, Mapping) and len(info.stated_quality) <= MAX_QUALITIES,
        "list of efforts": info.efforts is None
        or (isinstance(info.efforts, tuple | list) and _are_words(info.efforts)),
        "deprecation": info.deprecated is None or isinstance(info.deprecated, bool),
        "last day": isinstance(info.retires, str) and len(info.retires) <= MAX_DEPLOYMENT,
        "limit of requests": isinstance(info.limits, RequestLimits),
        "set of assumptions": isinstance(info.assumed, frozenset | set) and _are_words(info.assumed),
    }
    return next((f"has a {name} of a wrong type or size" for name, right in checks.items() if not right), "")


_CAPABILITIES = frozenset(Capability)


def _are_words(words: Collection[object]) -> bool:
    return len(words) <= MAX_QUALITIES and all(isinstance(word, str) and len(word) <= MAX_DEPLOYMENT for word in words)


def _wrong_figure(info: ModelInfo) -> str:
    batch, requests = (info.max_batch_tokens, info.max_batch_inputs), (info.limits.per_minute, info.limits.per_day)
    for tokens in (info.context_window, info.max_output_tokens, *batch, *requests):
        if not (isinstance(tokens, int) and 0 <= tokens <= MAX_TOKENS):
            return f"has a limit of {tokens!r} tokens, inputs or requests"
    for category, share in info.stated_quality.items():
        if not (isinstance(category, str) and len(category) <= MAX_DEPLOYMENT):
            return "states a quality for a category that is not a short text"
        if not (isinstance(share, int | float) and 0 <= share <= 1):
            return f"states a quality of {share!r} for {category!r}, which is not from 0 to 1"
    return ""


def _wrong_deployment(info: ModelInfo) -> str:
    if not info.deployments:
        return "has no deployment"
    names = [name for each in info.deployments for name in (each.account, each.endpoint, each.region)]
    if not all(len(name) <= MAX_DEPLOYMENT and name.isprintable() for name in names):
        limit = f"more than {MAX_DEPLOYMENT} characters"
        return f"has an account, endpoint or region whose name is not printable or has {limit}"
    return ""
