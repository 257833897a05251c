"""How plugins look in the contract."""

import pytest
from ymera.v1 import admin_pb2

from ymera_service.api.convert.health import plugin_message
from ymera_service.plugins import PluginState, PluginStatus, Registration
from ymera_service.plugins.status import KINDS


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_the_contract_names_every_kind_of_component(kind: str) -> None:
    status = PluginStatus(
        "acme", "ymera-acme", "1.0", PluginState.ACTIVE, registrations=(Registration(kind, "prices"),)
    )
    [registration] = plugin_message(status).registrations
    assert admin_pb2.PluginRegistration.Kind.Name(registration.kind) == f"KIND_{kind.upper()}"
    assert registration.name == "prices"
