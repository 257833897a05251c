"""Plugins and their state."""

from ymera.v1 import admin_pb2

from tests.unit.cli.render.shown import lines
from ymera_service.cli.render import plugins


def test_plugins_show_their_state() -> None:
    active = admin_pb2.Plugin(
        name="acme",
        distribution="ymera-acme",
        version="1.2",
        state=admin_pb2.Plugin.STATE_ACTIVE,
        registrations=[admin_pb2.PluginRegistration(kind=admin_pb2.PluginRegistration.KIND_PROVIDER, name="acme")],
        origin="file:///acme",
        hooks=["ymera_describe", "ymera_register_providers"],
        settings=[
            admin_pb2.PluginSetting(
                name="api_key",
                type="SecretStr",
                default_value="required",
                value='"****"',
                source=admin_pb2.PluginSetting.SOURCE_FILE,
            )
        ],
    )
    broken = admin_pb2.Plugin(
        name="bad", distribution="bad", version="0", state=admin_pb2.Plugin.STATE_QUARANTINED, detail="KeyError: 'x'"
    )
    assert lines(plugins.plugins([active, broken])) == [
        "plugin  package         state        registers      hooks",
        "acme    ymera-acme 1.2  active       provider acme  describe, providers",
        "bad     bad 0           quarantined  KeyError: 'x'",
    ]
    assert "folder `plugins`" in lines(plugins.plugins([]))[0]
    assert lines(plugins.plugin(active)) == [
        "acme (ymera-acme 1.2), active",
        "from: file:///acme",
        "registers: provider acme",
        "hooks: describe, providers",
        "setting  type       default   value   source",
        'api_key  SecretStr  required  "****"  file',
    ]
