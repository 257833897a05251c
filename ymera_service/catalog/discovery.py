"""Asking a provider for its models. A provider may be a stranger's code: whatever it does ends here."""

import asyncio
from collections.abc import Iterable

import structlog

from ymera_service.plugins.boundary import being_cancelled
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

_log = structlog.get_logger(__name__)


MAX_NAME = 192
"""Characters of a model's name: with its provider's it has to fit into what callers may send as a pattern."""


class DiscoveryFailed(Exception):
    """A provider could not tell its models; `problem` says why, for people."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


async def discover(provider: Provider, seconds: float) -> tuple[ModelInfo, ...]:
    """Returns the models that a provider offers now, each name once and usable as part of an id.

    Raises:
        DiscoveryFailed: It raised, took longer than `seconds`, or answered nonsense.
    """
    try:
        async with asyncio.timeout(seconds):
            offered = await provider.models()
        return tuple(_usable(provider.name, offered))
    except TimeoutError:
        raise DiscoveryFailed(f"did not tell its models within {seconds:g} s") from None
    except YmeraError as error:
        raise DiscoveryFailed(error.message) from error
    except Exception as error:
        raise DiscoveryFailed(f"{type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        if being_cancelled():
            raise
        raise DiscoveryFailed("cancelled itself") from error


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
    """Returns why a model can't be offered; empty where it can. The type is checked as plugins are strangers."""
    if not isinstance(info, ModelInfo):
        return "is no ModelInfo"
    if not isinstance(info.name, str) or not info.name:
        return "has no name"
    if not info.name.isprintable() or " " in info.name:
        return "has white space or control characters in its name"
    if len(info.name) > MAX_NAME:
        return f"has a name of more than {MAX_NAME} characters"
    return "is offered twice" if info.name in seen else ""
