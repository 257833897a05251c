"""The state of the server and its plugins."""

from ymera.v1 import admin_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.usage import duration_fields
from ymera_service.plugins import PluginState, PluginStatus
from ymera_service.resilience.breaker import Breaker, BreakerState

_PLUGIN_STATES = {state: admin_pb2.Plugin.State.Value(f"STATE_{state.name}") for state in PluginState}
_BREAKER_STATES = {state: pb.BreakerState.Value(f"BREAKER_STATE_{state.name}") for state in BreakerState}


def plugin_message(plugin: PluginStatus) -> admin_pb2.Plugin:
    """Returns a plugin as ListPlugins tells it."""
    fields: Fields = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": _PLUGIN_STATES[plugin.state],
        "detail": plugin.detail,
        "registrations": [{"kind": offer.kind, "name": offer.name} for offer in plugin.registrations],
    }
    return admin_pb2.Plugin(**fields)


def plugin_health_fields(plugin: PluginStatus) -> Fields:
    """Returns a plugin as Health tells it; one that is switched off is as it should be."""
    healthy = plugin.state is not PluginState.QUARANTINED
    status = pb.HEALTH_STATUS_OK if healthy else pb.HEALTH_STATUS_DEGRADED
    return {"name": plugin.name, "status": status, "detail": plugin.detail}


def breaker_fields(model: str, breaker: Breaker) -> Fields:
    """Returns a circuit breaker."""
    waits = breaker.state is BreakerState.OPEN
    return {
        "model": model,
        "state": _BREAKER_STATES[breaker.state],
        "retry_after": duration_fields(breaker.retry_after) if waits else None,
    }
