"""Models page by page, with what is known of each."""

import base64
import binascii
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ymera_service.catalog import Catalog
from ymera_service.catalog.facts import Fact
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.sdk.models import Model
from ymera_service.serving.checks.violations import Violations
from ymera_service.storage.records import BenchmarkSummary

DEFAULT_PAGE = 100
MAX_PAGE = 1000
MAX_FULL = 100
"""Models of a page with what each source states of them, which are some dozen statements for each."""
MAX_PATTERN = 256


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model; `measured` is by category, and `available` is whether breakers let calls pass."""

    model: Model
    measured: Mapping[str, BenchmarkSummary]
    available: bool
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some models in the order of their ids; `next_token` is empty on the last page."""

    models: Sequence[ListedModel]
    next_token: str


class Listing:
    """Lists models."""

    def __init__(self, catalog: Catalog, breakers: Breakers, evidence: Evidence) -> None:
        self._catalog = catalog
        self._breakers = breakers
        self._evidence = evidence

    async def page(self, *, size: int, token: str, provider: str, pattern: str = "", full: bool = False) -> Page:
        """Returns a page.

        Args:
            size: The most models; 0 means 100, more than 1,000 means 1,000.
            token: The `next_token` of the page before; empty for the first.
            provider: Only this provider's; empty for all.
            pattern: Only models that it names; empty for all.
            full: Whether to say what each source states of a model; the page then has at most 100 models.

        Raises:
            InvalidRequest: The size is negative, the provider is not known, the pattern is too long, or the token was
                not given by this server for these filters.
        """
        faults = Violations()
        most = min(page_size(size, faults), MAX_FULL if full else MAX_PAGE)
        if provider and provider not in self._catalog.provider_names:
            known = ", ".join(sorted(self._catalog.provider_names)) or "none"
            faults.add("provider", f"{provider[:64]!r} is not a provider of this server; its providers are {known}")
        if len(pattern) > MAX_PATTERN:
            faults.add("pattern", f"has {len(pattern)} characters; at most {MAX_PATTERN} are allowed")
        scope = f"{provider} {pattern}" if pattern else provider
        after = after_of(token, scope, faults)
        faults.check()
        snapshot = self._catalog.snapshot
        ids = snapshot.match(pattern) if pattern else snapshot.models
        wanted = [name for name in ids if name > after and provider in {"", snapshot.models[name].provider}]
        models = [snapshot.models[name] for name in wanted[:most]]
        facts = await self._catalog.facts(models) if full else [()] * len(models)
        open_domains = self._breakers.open_domains()
        listed = [
            ListedModel(model, self._evidence.summaries(model.id), is_available(model, open_domains), its)
            for model, its in zip(models, facts, strict=True)
        ]
        return Page(listed, token_of(wanted[most - 1], scope) if len(wanted) > most else "")


def is_available(model: Model, open_domains: Collection[str]) -> bool:
    """Returns whether some target of a model may be called: none of its breakers is open."""
    return not open_domains or any(
        not any(domain in open_domains for domain in target.domains) for target in model.targets
    )


def page_size(size: int, faults: Violations) -> int:
    """Returns how many items a page has at most, noting a size that is not valid."""
    if size < 0:
        faults.add("page_size", "is negative; 0 means 100, and at most 1,000 are returned")
    return min(size or DEFAULT_PAGE, MAX_PAGE)


def token_of(after: str, scope: str) -> str:
    """Returns the token of the page that follows an item; it is good for the same `scope` only."""
    payload = after.encode()
    return base64.urlsafe_b64encode(_checksum(payload, scope) + payload).decode()


def after_of(token: str, scope: str, faults: Violations) -> str:
    """Returns the item after which a page starts; empty for the first page."""
    if not token:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        checksum, payload = raw[:4], raw[4:]
        if checksum == _checksum(payload, scope):
            return payload.decode()
    except (binascii.Error, ValueError):
        pass
    faults.add("page_token", "was not given by this server for this filter; use next_page_token as it came, or none")
    return ""


def _checksum(payload: bytes, scope: str) -> bytes:
    return zlib.crc32(payload, zlib.crc32(scope.encode())).to_bytes(4, "big")
