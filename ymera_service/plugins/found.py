"""The plugins that are installed, and the distribution that each comes from."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import MappingProxyType

from ymera_service.sdk.hookspecs import PROJECT

SDK = "ymera-sdk"
"""The distribution of `ymera_service.sdk`. Its version is that of the contract."""

RESERVED: Mapping[str, str] = MappingProxyType(
    {
        name: f"ymera-{name}"
        for name in (
            "anthropic",
            "basics",
            "bedrock",
            "cohere",
            "demanding",
            "echo",
            "embedders",
            "encoder",
            "gemini",
            "lexical",
            "ollama",
            "openai",
            "policies",
            "published",
            "simulator",
        )
    }
)
"""The names of Ymera's own plugins, each with its distribution."""

_REQUIREMENT = re.compile(r"\s*(?P<name>[\w.-]+)\s*(\[[^]]*\])?\s*\(?(?P<versions>[^;@()]*?)\)?\s*")
"""A requirement without condition and address, as in the metadata of a distribution. A parser of everything that may be
written there takes longer to import than it takes to find all plugins."""


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """An installed plugin that is not loaded yet.

    Attributes:
        name: The name of its entry point.
        distribution: The distribution that it was installed from.
        version: That distribution's version.
        load: Imports it.
        origin: Where the distribution was installed from: an address, or the folder that it is in.
        needs: The versions of the contract that the distribution requires, such as ">=1.3,<2"; empty for any.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    origin: str = ""
    needs: str = ""

    @property
    def label(self) -> str:
        """The distribution and its version, for people."""
        return f"{self.distribution} {self.version}".strip() or self.name

    def is_of(self, distribution: str) -> bool:
        """Whether it comes from a distribution; spellings of a name that package indexes treat as one are equal."""
        return _canonical(self.distribution) == _canonical(distribution)


def installed() -> list[FoundPlugin]:
    """Returns the plugins of the entry-point group `ymera`, in the order of their names."""
    found = map(_found, entry_points(group=PROJECT))
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def _found(point: EntryPoint) -> FoundPlugin:
    if point.dist is None:
        return FoundPlugin(point.name, "", "", point.load)
    dist = point.dist
    return FoundPlugin(point.name, dist.name, dist.version, point.load, _origin(dist), _needs(dist))


def _origin(dist: Distribution) -> str:
    """Returns the address in `direct_url.json`, which installers write for all that is not from an index."""
    try:
        return str(json.loads(dist.read_text("direct_url.json") or "")["url"])
    except (ValueError, LookupError, TypeError):
        return str(dist.locate_file(""))


def _needs(dist: Distribution) -> str:
    found = filter(None, map(_REQUIREMENT.fullmatch, dist.requires or ()))
    return next((one["versions"] for one in found if _canonical(one["name"]) == SDK), "")


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
