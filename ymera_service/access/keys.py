"""API keys of callers, and what each caller may do.

A key has 256 random bits, so its SHA-256 can't be guessed from and needs no slow hash. A caller is found by a
look-up of the hash: how long that takes says nothing about any key.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic_ns

from ymera_service.access.buckets import Bucket
from ymera_service.access.spending import Budget, Period
from ymera_service.config import CallerSettings
from ymera_service.sdk.errors import CallerRateLimited, NotAdministrator, Unauthenticated

PREFIX = "ymera_"
"""What keys begin with, so that scanners for leaked secrets can find them."""
SCHEME = "bearer "
LONGEST = 512
"""Characters of the longest `authorization` that is looked at."""


def new_key() -> str:
    """Returns a key that has not existed before."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """Returns what is stored of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what it may do.

    Attributes:
        name: Of its keys; empty if callers need none.
        allow_models: The models that it may use, names or patterns; none leaves it open.
        requests_per_minute: None leaves it open.
        budget: What it may spend; None leaves it open.
        administrator: Whether it may do what concerns all callers, such as to manage providers' keys.
    """

    name: str = ""
    allow_models: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    bucket: Bucket | None = None
    budget: Budget | None = None
    administrator: bool = False

    def check_administrator(self, action: str) -> None:
        """Checks that the caller may do what concerns all callers.

        Raises:
            NotAdministrator: It may not; `action` says what, such as "reset beliefs".
        """
        if self.administrator:
            return
        if self.name:
            raise NotAdministrator(
                f"{self.name!r} may not {action}; set administrator = true in its table of access.callers"
            )
        raise NotAdministrator(
            f"callers who are not identified may not {action} on a server that can be reached from other machines; "
            "make one an administrator (access.callers), ask for client certificates (server.tls_client_ca), or let "
            "the server listen on this machine alone (server.address)"
        )

    def admit(self) -> None:
        """Counts a request that may call models.

        Raises:
            CallerRateLimited: The caller has sent as many as it may.
            CallerBudgetSpent: It has spent as much as it may.
        """
        if self.budget is not None:
            self.budget.check()
        if self.bucket is not None and (wait := self.bucket.take()):
            limit = self.requests_per_minute
            raise CallerRateLimited(
                f"{self.name!r} may send {limit:,} requests per minute, and has",
                metadata={"caller": self.name, "requests_per_minute": str(limit)},
                retry_after=wait / 1e9,
            )


ANYONE = Caller()
"""The caller where callers need no key."""


class Callers:
    """The callers who may use the server; any caller may if there are none."""

    def __init__(
        self,
        callers: Iterable[CallerSettings] = (),
        clock: Callable[[], int] = monotonic_ns,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        anyone: Caller = ANYONE,
    ) -> None:
        """Takes the keys; those of one name have the same limits, and share them.

        `clock` returns nanoseconds, and `now` the time in UTC; `anyone` is who calls where keys are not needed.
        """
        self._anyone = anyone
        self._by_key: dict[str, Caller] = {}
        by_name: dict[str, Caller] = {}
        for each in callers:
            self._by_key[each.key_sha256] = by_name.setdefault(each.name, _caller(each, clock, now))

        self.budgets = [caller.budget for caller in by_name.values() if caller.budget is not None]
        """Those of callers with a limit."""

    @property
    def known(self) -> bool:
        """Whether callers have to present a key."""
        return bool(self._by_key)

    def identify(self, authorization: str) -> Caller:
        """Returns the caller who presents a key, as in `Bearer ymera_…`; `ANYONE` if keys are not needed.

        Raises:
            Unauthenticated: The key is missing or not known.
        """
        if not self._by_key:
            return self._anyone
        if not authorization:
            raise Unauthenticated("this server asks for a key; send it as metadata: authorization: Bearer KEY")
        if len(authorization) > LONGEST or not authorization[: len(SCHEME)].lower() == SCHEME:
            raise Unauthenticated("the metadata `authorization` is not of the form: Bearer KEY")
        caller = self._by_key.get(digest(authorization[len(SCHEME) :].strip()))
        if caller is None:
            raise Unauthenticated("the key is not known to this server; it may have been replaced")
        return caller


def _caller(settings: CallerSettings, clock: Callable[[], int], now: Callable[[], datetime]) -> Caller:
    limit = settings.requests_per_minute
    bucket = Bucket(limit, clock) if limit is not None else None
    spending = {Period.DAY: settings.spend_per_day, Period.MONTH: settings.spend_per_month}
    limits = {period: max(1, round(usd * 1_000_000)) for period, usd in spending.items() if usd is not None}
    budget = Budget(settings.name, limits, now) if limits else None
    return Caller(settings.name, settings.allow_models or (), limit, bucket, budget, settings.administrator)
