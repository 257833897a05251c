"""Ymera plugin: the usual policies for the choice of a model."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from ymera_policies.policies import Balanced, BestQuality, CheapestGoodEnough, Fastest, FreeFirst, Pinned, RoundRobin
from ymera_service.sdk.hookspecs import PluginDescription, hookimpl
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.settings import PluginSettings


class Settings(PluginSettings):
    """The settings of the policies."""

    good_enough: Annotated[float, Field(ge=0, le=1)] = 0.9
    """The share of the best quality that is good enough for `cheapest-good-enough`."""


@hookimpl
def ymera_describe() -> PluginDescription:
    """Describes the plugin."""
    return PluginDescription(settings=Settings, contract=(1, 2))


@hookimpl
def ymera_register_policies(settings: Settings) -> Iterable[RoutingPolicy]:
    """Offers the policies."""
    return [
        Balanced(),
        BestQuality(),
        CheapestGoodEnough(settings.good_enough),
        Fastest(),
        FreeFirst(),
        RoundRobin(),
        Pinned(),
    ]
