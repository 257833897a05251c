"""Targets of calls, and which of them fail together."""

from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """Which targets a failure affects: only one, or every target of its model at the endpoint, of its account, or of
    its endpoint.

    `NETWORK` is for failures before anything left this machine, such as a resolver that can't be reached: they may
    affect every target. Those that turn out not to count against the endpoint.
    """

    TARGET = "target"
    MODEL = "model"
    ACCOUNT = "account"
    ENDPOINT = "endpoint"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One way to reach a model, as its provider names it; empty if a provider has only one.

    Attributes:
        account: The account or key that is charged. Targets of one account run out of credit together.
        endpoint: The address or region that is called. Targets of one endpoint become unreachable together.
        region: Where data are processed, such as "eu" or "europe-west4"; empty if that is not known.
    """

    account: str = ""
    endpoint: str = ""
    region: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """A model at one deployment: what is called, and opened by a breaker.

    Attributes:
        provider: The provider's name.
        model: The model's id, "provider/name".
        deployment: The account and endpoint.
        id: The model's id, followed by "#account" and "@endpoint" if they are not empty.
        pool: The same without the account. Targets of one pool differ only in who pays: they are ranked and measured
            as one, and calls are spread over them.
        domains: Keys of the failure domains: the target, its account, its endpoint, and its pool if that has another
            name than the target.
    """

    provider: str
    model: str
    deployment: Deployment = Deployment()
    id: str = field(init=False, compare=False)
    pool: str = field(init=False, compare=False, repr=False)
    domains: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        account, endpoint = self.deployment.account, self.deployment.endpoint
        place = f"@{endpoint}" if endpoint else ""
        pool = self.model + place
        name = self.model + f"#{account}" + place if account else pool
        shared = (f"{self.provider}#{account}", f"{self.provider}@{endpoint}")
        object.__setattr__(self, "id", name)
        object.__setattr__(self, "pool", pool)
        object.__setattr__(self, "domains", (name, *shared, pool) if account else (name, *shared))

    def domain(self, scope: Scope) -> str:
        """Returns the key of the failure domain that a failure of this scope affects."""
        return self.pool if scope is Scope.MODEL else self.domains[_INDEX[scope]]

    def without_account(self) -> "Target":
        """Returns the pool as a target."""
        return Target(self.provider, self.model, Deployment("", self.deployment.endpoint))


_INDEX = {Scope.TARGET: 0, Scope.ACCOUNT: 1, Scope.ENDPOINT: 2, Scope.NETWORK: 2}


def is_of_account(provider: str, account: str, domain: str) -> bool:
    """Returns whether a failure domain is an account of a provider, or a target with that account."""
    place, _, rest = domain.partition("#")
    return place.partition("/")[0] == provider and bool(rest) and rest.partition("@")[0] == account
