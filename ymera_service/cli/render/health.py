"""The state of a server."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.ymera_pb2 import (
    BackgroundTaskHealth,
    BreakerHealth,
    BreakerState,
    HealthResponse,
    HealthStatus,
    LimitHealth,
    PauseHealth,
    ProviderHealth,
    QualityDrift,
    UnreliableTarget,
)

from ymera_service.cli.render.figures import duration, word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_STYLES = {
    HealthStatus.HEALTH_STATUS_OK: "green",
    HealthStatus.HEALTH_STATUS_DEGRADED: "yellow",
    HealthStatus.HEALTH_STATUS_UNAVAILABLE: "red",
    HealthStatus.HEALTH_STATUS_DISABLED: "dim",
    HealthStatus.HEALTH_STATUS_ABSENT: "dim",
}


def health(state: HealthResponse) -> Iterator[RenderableType]:
    """Shows the state of the server, then of each part."""
    load = f"{state.in_flight_requests} requests in progress, {state.queued_requests} queued"
    yield Text.assemble(_status(state.status), f" · version {state.version} · up {duration(state.uptime)} · {load}")
    if state.detail:
        yield clean(state.detail, _STYLES.get(state.status, ""))
    yield clean("")
    rows = [
        ["storage", state.storage.backend, _status(state.storage.status), state.storage.detail],
        *([["network", "", _status(state.network.status), state.network.detail]] if state.network.detail else []),
        *(["provider", each.provider, _status(each.status), _provider(each)] for each in state.providers),
        *(["plugin", each.name, _status(each.status), each.detail] for each in state.plugins),
        *(["background", each.name, _status(each.status), _background(each)] for each in state.background_tasks),
        *(["quality", each.model, _changed(each), f"{each.category}: {each.detail}"] for each in state.quality_drifts),
        *(["limit", each.name, clean(""), _limit(each)] for each in state.limits),
    ]
    yield table(["", "name", "state", "detail"], rows, folds=["name", "detail"], drops=["detail"])


def _status(status: HealthStatus.ValueType) -> Text:
    return clean(word(HealthStatus.Name(status), "HEALTH_STATUS_"), _STYLES.get(status, ""))


def _changed(drift: QualityDrift) -> Text:
    return clean("worse", "yellow") if drift.quality_after < drift.quality_before else clean("better", "green")


def _provider(provider: ProviderHealth) -> str:
    models = "1 model" if provider.models == 1 else f"{provider.models} models"
    offered = models if provider.models or not provider.detail else ""
    listing = f"{_stale(provider)}: {provider.detail}" if provider.listing_is_stale else provider.detail
    stopped = [*map(_breaker, provider.breakers), *map(_pause, provider.pauses)]
    failing = map(_unreliable, provider.unreliable_targets)
    return " · ".join(filter(None, [offered, listing, *stopped, *failing]))


def _stale(provider: ProviderHealth) -> str:
    if not provider.HasField("listed_at"):
        return "stale listing"
    return f"stale listing of {provider.listed_at.ToDatetime():%Y-%m-%d %H:%M} UTC"


def _breaker(breaker: BreakerHealth) -> str:
    state = word(BreakerState.Name(breaker.state), "BREAKER_STATE_")
    since = ""
    if breaker.HasField("retry_after"):
        since = f", tried again in {duration(breaker.retry_after)}"
    elif breaker.state == BreakerState.BREAKER_STATE_HALF_OPEN:
        idle = breaker.HasField("idle")
        since = f", not called for {duration(breaker.idle)}" if idle else ", being tried again"
    why = f" ({breaker.last_error})" if breaker.last_error else ""
    return f"{breaker.domain}: breaker {state}{since}{why}"


def _pause(pause: PauseHealth) -> str:
    why = f" ({pause.reason})" if pause.reason else ""
    return f"{pause.domain}: paused by its provider for {duration(pause.retry_after)}{why}"


def _unreliable(target: UnreliableTarget) -> str:
    failed = f"{target.failed_calls:.0f} of about {target.calls:.0f} recent calls failed"
    return f"{target.target}: {failed}, {target.success_probability:.2f} ± {target.standard_deviation:.2f} succeed"


def _limit(limit: LimitHealth) -> str:
    unit, name = (2**20, " MiB") if limit.name == "request bytes" else (1, "")
    waiting = f"{limit.waiting} waiting" if limit.waiting else ""
    return " · ".join(filter(None, [f"{limit.in_use // unit} of {limit.limit // unit}{name} in use", waiting]))


def _background(task: BackgroundTaskHealth) -> str:
    restarts = {0: "", 1: "restarted once"}.get(task.restarts, f"restarted {task.restarts} times")
    return " · ".join(filter(None, [task.detail, restarts]))
