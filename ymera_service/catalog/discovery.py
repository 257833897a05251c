"""Lists a provider's models. Providers are plugins: any failure of their code is contained here."""

import asyncio
from collections.abc import Iterable

import structlog

from ymera_service.sdk.cancellation import being_cancelled
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

_log = structlog.get_logger(__name__)


MAX_NAME = 192
"""Characters of a model's name: with the provider's name it has to fit into a pattern that callers may send."""
MAX_DEPLOYMENT = 64
"""Characters of an account's or endpoint's name: stored decisions contain several and have to stay small."""
MAX_TOKENS = 2**40
"""The largest plausible context."""


class DiscoveryFailed(Exception):
    """A provider could not list its models; `problem` is the reason, for people."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


async def discover(provider: Provider, seconds: float) -> tuple[ModelInfo, ...]:
    """Returns the models that a provider offers now, each name once and valid as part of an id.

    Raises:
        DiscoveryFailed: The provider raised, took longer than `seconds`, or did not return models.
    """
    try:
        async with asyncio.timeout(seconds):
            offered = await provider.models()
        return tuple(_usable(provider.name, offered))
    except TimeoutError:
        raise DiscoveryFailed(f"did not list its models within {seconds:g} s") from None
    except YmeraError as error:
        raise DiscoveryFailed(error.message) from error
    except Exception as error:
        raise DiscoveryFailed(f"{type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        if being_cancelled():
            raise
        raise DiscoveryFailed("raised CancelledError without being cancelled") from error


def _usable(provider: str, offered: Iterable[ModelInfo]) -> Iterable[ModelInfo]:
    seen: set[str] = set()
    for info in offered:
        problem = _problem(info, seen)
        if problem:
            _log.warning("model_left_out", provider=provider, model=repr(info)[:200], problem=problem)
        else:
            seen.add(info.name)
            yield info


def _problem(info: object, seen: set[str]) -> str:
    """Returns why a model can't be offered, or an empty string. Types are checked, as plugins may ignore them."""
    if not isinstance(info, ModelInfo):
        return "is not a ModelInfo"
    if not isinstance(info.name, str) or not info.name:
        return "has no name"
    if not info.name.isprintable() or " " in info.name:
        return "has white space or control characters in its name"
    if len(info.name) > MAX_NAME:
        return f"has a name of more than {MAX_NAME} characters"
    if info.name in seen:
        return "is offered twice"
    return _wrong_figure(info) or _wrong_deployment(info)


def _wrong_figure(info: ModelInfo) -> str:
    for tokens in (info.context_window, info.max_output_tokens):
        if not (isinstance(tokens, int) and 0 <= tokens <= MAX_TOKENS):
            return f"has a limit of {tokens!r} tokens"
    for category, share in info.stated_quality.items():
        if not (isinstance(share, int | float) and 0 <= share <= 1):
            return f"states a quality of {share!r} for {category!r}, which is not from 0 to 1"
    return ""


def _wrong_deployment(info: ModelInfo) -> str:
    if not info.deployments:
        return "has no deployment"
    names = [name for each in info.deployments for name in (each.account, each.endpoint)]
    if not all(len(name) <= MAX_DEPLOYMENT and name.isprintable() for name in names):
        return f"has an account or endpoint whose name is not printable or has more than {MAX_DEPLOYMENT} characters"
    return ""
