"""The state of the server and its plugins."""

from ymera.v1 import admin_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.usage import duration_fields
from ymera_service.plugins import PluginState, PluginStatus, Registration
from ymera_service.plugins.settings import SettingView
from ymera_service.resilience.breaker import BreakerReport, BreakerState
from ymera_service.resilience.pauses import PauseReport
from ymera_service.resilience.reliability import ReliabilityReport
from ymera_service.resilience.slots import LimitReport
from ymera_service.sdk.targets import Scope
from ymera_service.serving.health import (
    BackgroundHealth,
    HealthReport,
    PartHealth,
    ProviderHealth,
    QualityDrift,
    Status,
)

_STATUSES = {status: pb.HealthStatus.Value(f"HEALTH_STATUS_{status.name}") for status in Status}
_PLUGIN_STATES = {state: admin_pb2.Plugin.State.Value(f"STATE_{state.name}") for state in PluginState}
_BREAKER_STATES = {state: pb.BreakerState.Value(f"BREAKER_STATE_{state.name}") for state in BreakerState}
_SCOPES = {
    scope: pb.BreakerScope.Value(f"BREAKER_SCOPE_{scope.name}")
    for scope in (Scope.TARGET, Scope.MODEL, Scope.ACCOUNT, Scope.ENDPOINT)
}
_KINDS = {name.removeprefix("KIND_").lower(): kind for name, kind in admin_pb2.PluginRegistration.Kind.items()}


def health_response(report: HealthReport) -> pb.HealthResponse:
    """Returns the state of the server."""
    fields: Fields = {
        "status": _STATUSES[report.status],
        "version": report.version,
        "uptime": duration_fields(report.uptime),
        "providers": [_provider(provider) for provider in report.providers],
        "plugins": [_part("name", plugin) for plugin in report.plugins],
        "storage": _part("backend", report.storage),
        "in_flight_requests": report.in_flight,
        "queued_requests": report.queued,
        "simulator_only": report.simulator_only,
        "background_tasks": [_background(work) for work in report.background],
        "detail": report.detail,
        "network": {"status": _STATUSES[report.network.status], "detail": report.network.detail},
        "limits": [_limit(limit) for limit in report.limits],
        "quality_drifts": [_drift(one) for one in report.drifts],
    }
    return pb.HealthResponse(**fields)


def _part(name: str, part: PartHealth) -> Fields:
    return {name: part.name, "status": _STATUSES[part.status], "detail": part.detail}


def _limit(report: LimitReport) -> Fields:
    return {"name": report.name, "in_use": report.in_use, "limit": report.limit, "waiting": report.waiting}


def _drift(one: QualityDrift) -> Fields:
    return {
        "model": one.model,
        "category": one.category,
        "since": one.drift.since,
        "quality_before": one.drift.before,
        "quality_after": one.drift.after,
        "answers_before": one.drift.answers_before,
        "answers_after": one.drift.answers_after,
        "detail": str(one.drift),
    }


def _background(work: BackgroundHealth) -> Fields:
    return {**_part("name", work), "restarts": work.restarts}


def _provider(provider: ProviderHealth) -> Fields:
    return {
        **_part("provider", provider),
        "models": provider.models,
        "breakers": [_breaker(report) for report in provider.breakers],
        "pauses": [_pause(report) for report in provider.pauses],
        "listing_is_stale": provider.listing_is_stale,
        "listed_at": provider.listed_at,
        "unreliable_targets": [_unreliable(report) for report in provider.unreliable],
    }


def _unreliable(report: ReliabilityReport) -> Fields:
    return {
        "target": report.pool,
        "success_probability": report.chance.mean,
        "standard_deviation": report.chance.deviation,
        "calls": report.chance.calls,
        "failed_calls": report.chance.failed,
    }


def _breaker(report: BreakerReport) -> Fields:
    waits = report.state is BreakerState.OPEN
    return {
        "domain": report.domain,
        "scope": _SCOPES[report.scope],
        "state": _BREAKER_STATES[report.state],
        "retry_after": duration_fields(report.retry_after) if waits else None,
        "last_error": report.last_error,
        "idle": duration_fields(report.idle) if report.idle else None,
    }


def _pause(report: PauseReport) -> Fields:
    return {
        "domain": report.domain,
        "scope": _SCOPES[report.scope],
        "retry_after": duration_fields(report.retry_after),
        "reason": report.reason,
    }


def plugin_message(plugin: PluginStatus) -> admin_pb2.Plugin:
    """Returns a plugin as ListPlugins shows it."""
    fields: Fields = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": _PLUGIN_STATES[plugin.state],
        "detail": plugin.detail,
        "registrations": [_registration(offer) for offer in plugin.registrations],
        "origin": plugin.origin,
        "hooks": plugin.hooks,
        "settings": [_setting(setting) for setting in plugin.settings],
    }
    return admin_pb2.Plugin(**fields)


def _registration(offer: Registration) -> Fields:
    return {"kind": _KINDS.get(offer.kind, admin_pb2.PluginRegistration.KIND_UNSPECIFIED), "name": offer.name}


def _setting(setting: SettingView) -> Fields:
    return {
        "name": setting.name,
        "type": setting.type,
        "default_value": setting.default,
        "value": setting.value,
        "source": admin_pb2.PluginSetting.Source.Value(f"SOURCE_{setting.source.upper()}"),
    }
