"""Configuration comes from one file and the environment; all errors are reported together."""

from operator import attrgetter
from pathlib import Path

import pytest

from ymera_service.config import ConfigError, ConfigFault, Environment, RoutingSettings, Source, load
from ymera_service.config.showing import template, values
from ymera_service.routing.decision import Weights


def write(folder: Path, text: str) -> Path:
    file = folder / "ymera.toml"
    file.write_text(text)
    return file


def faults(file: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as error:
        load(file)
    return {fault.where: fault.problem for fault in error.value.faults}


def test_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.storage.url.startswith("sqlite:///")


def test_errors_are_attributed_to_the_environment_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YMERA_STORAGE__URL", "mysql://x")
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.source.startswith("environment")


@pytest.mark.parametrize("address", ["foo", "127.0.0.1", "127.0.0.1:", ":50051", "unix:", "http://127.0.0.1"])
def test_an_address_has_a_host_and_a_port_or_is_a_socket(address: str, tmp_path: Path) -> None:
    assert "write host:port" in faults(write(tmp_path, f'[server]\naddress = "{address}"'))["server.address"]


@pytest.mark.parametrize("address", ["localhost:0", "[::1]:1", "unix:/tmp/socket", "unix:socket"])
def test_addresses_are_used_unchanged(address: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, f'[server]\naddress = "{address}"')).server.address == address


def test_the_file_in_the_working_directory_is_read_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[server]\naddress = "127.0.0.1:1"')
    monkeypatch.chdir(tmp_path)
    assert load().server.address == "127.0.0.1:1"


def test_the_environment_overrides_the_file_field_by_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YMERA_SERVER__ADDRESS", "127.0.0.1:2")
    monkeypatch.setenv("YMERA_PLUGINS__ACME__API_KEY", "from the environment")
    settings = load(
        write(tmp_path, '[server]\naddress = "127.0.0.1:1"\nmax_queued_requests = 7\n[plugins.acme]\nx = 1')
    )
    assert (settings.server.address, settings.server.max_queued_requests) == ("127.0.0.1:2", 7)
    assert settings.plugins.tables["acme"] == {"x": 1, "api_key": "from the environment"}


def test_only_what_is_given_counts_as_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default that can't be met is a warning; what was set and can't be met is an error."""
    monkeypatch.setenv("YMERA_ROUTING__WEIGHTS__COST", "0.9")
    routing = load(write(tmp_path, "[routing.weights]\nspeed = 0\n")).routing
    assert routing.model_fields_set == {"weights"}


def test_weights_mean_the_same_as_in_a_request(tmp_path: Path) -> None:
    weights = load(write(tmp_path, "[routing.weights]\ncost = 2\n")).routing.weights
    assert (weights.quality, weights.speed, weights.cost) == (0, 0, 2)


@pytest.mark.parametrize(
    ("variable", "text", "path", "expected"),
    [
        ("YMERA_PLUGINS__DISABLED", '["a", "b"]', "plugins.disabled", ("a", "b")),
        ("YMERA_PLUGINS__DISABLED", "a, b", "plugins.disabled", ("a", "b")),
        ("YMERA_PLUGINS__ALLOW", "a", "plugins.allow", ("a",)),
        ("YMERA_ROUTING__WEIGHTS", "quality=2, cost=1", "routing.weights.quality", 2),
        ("YMERA_ROUTING", '{"weights": {"cost": 1}}', "routing.weights.quality", 0),
    ],
)
def test_a_variable_may_hold_a_list_or_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, path: str, expected: object
) -> None:
    monkeypatch.setenv(variable, text)
    assert attrgetter(path)(load(write(tmp_path, ""))) == expected


@pytest.mark.parametrize(
    ("variable", "text", "where"),
    [
        ("YMERA_PLUGINS__DISABLED", '["a"', "plugins.disabled"),
        ("YMERA_ROUTING", "{", "routing"),
        ("YMERA_ROUTING__WEIGHTS", "2,1,1", "routing.weights"),
    ],
)
def test_a_variable_that_holds_neither_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, where: str
) -> None:
    monkeypatch.setenv(variable, text)
    assert list(faults(write(tmp_path, ""))) == [where]


def test_all_errors_are_reported_together_with_path_and_suggestion(tmp_path: Path) -> None:
    found = faults(
        write(
            tmp_path,
            'enviroment = "x"\n[server]\nadress = "x"\nmax_message_bytes = 3\ntls_client_ca = "ca.pem"\n'
            '[routing.weights]\nquality = -1\n[storage]\nurl = "mysql://x"',
        )
    )
    assert set(found) == {
        "enviroment",
        "server.adress",
        "server.max_message_bytes",
        "routing.weights.quality",
        "storage",
    }
    assert "did you mean 'environment'" in found["enviroment"]
    assert "did you mean 'address'" in found["server.adress"]
    assert "begin with sqlite:/// or postgresql://" in found["storage"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[server]\ntls_certificate = "a.pem"', "set both tls_certificate and tls_private_key, or neither"),
        ('[server]\ntls_client_ca = "a.pem"', "tls_client_ca requires tls_certificate and tls_private_key"),
    ],
)
def test_incomplete_tls_settings_are_an_error(tmp_path: Path, text: str, problem: str) -> None:
    assert faults(write(tmp_path, text)) == {"server": problem}


def test_the_default_weights_are_those_between_cost_and_quality() -> None:
    weights = RoutingSettings().weights
    middle = Weights.between(0.5)
    assert (weights.quality, weights.speed, weights.cost) == pytest.approx((middle.quality, middle.speed, middle.cost))


def test_weights_that_are_all_zero_are_an_error(tmp_path: Path) -> None:
    text = "[routing.weights]\nquality = 0\nspeed = 0\ncost = 0"
    assert faults(write(tmp_path, text)) == {
        "routing.weights": "at least one weight must be above 0, and their sum finite"
    }


@pytest.mark.parametrize("value", ["inf", "nan", "1e400"])
@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("server", "drain_seconds"),
        ("execution", "idle_seconds"),
        ("routing.weights", "quality"),
        ("catalog.prices.'a/b'", "input"),
    ],
)
def test_infinite_and_nan_values_are_an_error(tmp_path: Path, table: str, key: str, value: str) -> None:
    rest = "output = 1\n" if key == "input" else ""
    found = faults(write(tmp_path, f"[{table}]\n{rest}{key} = {value}\n"))
    assert set(found) == {f"{table.replace(chr(39), '')}.{key}"}


@pytest.mark.parametrize("password", ["a/b", "a#b", "a?b", "a@b", "a[b", "12/34", "12?4", "1#2"])
def test_a_password_with_reserved_characters_is_an_error_that_does_not_show_it(tmp_path: Path, password: str) -> None:
    found = faults(write(tmp_path, f'[storage]\nurl = "postgresql://user:{password}secret@db.example:5432/ymera"'))
    assert "percent-encode" in found["storage"]
    assert "secret" not in found["storage"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:p%40ss:word@db.example:5432/ymera?sslmode=require&application_name=a@b/c",
        "postgresql://user@[::1]:5432/ymera",
        "postgresql://one.example:5432,two.example:5433/ymera",
        "postgresql:///ymera?host=/run/postgresql",
        "postgresql://db.example",
    ],
)
def test_all_forms_of_a_postgresql_url_are_accepted(tmp_path: Path, url: str) -> None:
    assert load(write(tmp_path, f'[storage]\nurl = "{url}"')).storage.url == url


@pytest.mark.parametrize(("key", "value"), [("retention_days", -1), ("retention_days", "nan"), ("max_executions", -1)])
def test_a_negative_limit_of_storage_is_an_error(tmp_path: Path, key: str, value: object) -> None:
    assert set(faults(write(tmp_path, f"[storage]\n{key} = {value}"))) == {f"storage.{key}"}


def test_broken_toml_is_reported_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in faults(write(tmp_path, "[server]\naddress = ="))["TOML"]


def test_a_file_that_is_not_text_is_reported_with_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "ymera.toml"
    file.write_bytes(b"a = '\xff'")
    assert faults(file) == {"byte 5": "is not UTF-8"}


def test_a_named_file_has_to_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "absent.toml")
    assert error.value.faults == (ConfigFault("file", "does not exist"),)
    assert str(tmp_path / "absent.toml") in str(error.value)


def test_a_folder_is_not_accepted_as_a_file(tmp_path: Path) -> None:
    assert "can't be read" in faults(tmp_path)["file"]


@pytest.mark.parametrize(
    ("environment", "reflection", "expected"),
    [("development", None, True), ("production", None, False), ("production", "true", True)],
)
def test_reflection_follows_the_environment_unless_set(
    tmp_path: Path, environment: str, reflection: str | None, expected: bool
) -> None:
    text = f'environment = "{environment}"\n[server]\n' + (f"reflection = {reflection}" if reflection else "")
    assert load(write(tmp_path, text)).reflection is expected


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("server", "max_message_bytes", 2**32),
        ("server", "max_concurrent_requests", 2**31),
        ("server", "max_connections", 0),
        ("server", "handshake_seconds", -1),
        ("server", "connection_age_seconds", 2**31),
        ("server", "connection_grace_seconds", 0),
        ("server", "drain_seconds", 10**12),
        ("transport", "max_connections_per_host", 2**40),
        ("transport", "connect_seconds", -0.5),
        ("breaker", "failures", 2**63),
        ("routing", "max_sessions", 10**30),
    ],
)
def test_a_number_that_can_not_be_used_is_an_error_with_its_place(
    tmp_path: Path, table: str, key: str, value: float
) -> None:
    found = faults(write(tmp_path, f"[{table}]\n{key} = {value}"))
    assert set(found) == {f"{table}.{key}"}
    assert "should be" in found[f"{table}.{key}"]


@pytest.mark.parametrize("text", ["[" * 5_000, "a = " + "[" * 5_000 + "]" * 5_000, "a = " + "{a = " * 5_000])
def test_toml_that_is_nested_too_deeply_is_an_error(tmp_path: Path, text: str) -> None:
    assert set(faults(write(tmp_path, text))) == {"TOML"}


def test_a_table_with_thousands_of_steps_is_an_error(tmp_path: Path) -> None:
    assert faults(write(tmp_path, f"[{'.'.join(['server'] * 5_000)}]\nx = 1"))


def test_a_number_with_too_many_digits_is_an_error(tmp_path: Path) -> None:
    assert faults(write(tmp_path, f"[server]\ndrain_seconds = {'9' * 5_000}")) == {
        "TOML": "a number has too many digits"
    }


def test_a_variable_that_is_nested_too_deeply_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YMERA_SERVER", '{"address":' * 5_000 + "1" + "}" * 5_000)
    assert faults(write(tmp_path, ""))


@pytest.mark.parametrize("port", [65_536, 99_999])
def test_a_port_that_does_not_exist_is_an_error(tmp_path: Path, port: int) -> None:
    assert "65535" in faults(write(tmp_path, f'[server]\naddress = "127.0.0.1:{port}"'))["server.address"]


def found(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The faults of a file that is not named, but found in the current folder."""
    write(folder, text)
    monkeypatch.chdir(folder)
    try:
        load()
    except ConfigError as error:
        return [fault.where for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "table",
    [
        '[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"',
        '[plugins.openai.vendors.openai]\nbase_url = "HTTPS://evil.example/v1"',
        '[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"\napi_key = " "',
        '[plugins.openai.vendors.openai]\nbase_url = "https://127.evil.example/v1"',
        '[plugins.openai.vendors.openai]\nbase_url = "https://localhost@evil.example/v1"',
        '[plugins.anthropic.endpoints.x]\nbase_url = "https://evil.example"\napi_key_variable = "OPENAI_API_KEY"',
        '[plugins.acme]\nurls = ["http://localhost:1", "https://evil.example"]',
        '[[plugins.acme.servers]]\nurl = "https://evil.example"',
        '[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"\nadmin_key = "x"',
        '[plugins.openai]\napi_key = "x"\n[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"',
    ],
)
def test_a_file_that_is_found_can_not_send_the_users_keys_elsewhere(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [where] = found(tmp_path, table, monkeypatch)
    assert where.startswith("plugins.")
    assert load(tmp_path / "ymera.toml")  # the user named it


@pytest.mark.parametrize(
    "table",
    [
        '[plugins.openai.vendors.openai]\nbase_url = "https://proxy.example/v1"\napi_key = "of the proxy"',
        '[plugins.openai.vendors.openai]\nbase_url = "https://proxy.example/v1"\napi_keys = {a = "of the proxy"}',
        '[plugins.ollama.hosts]\nthis = "http://localhost:11434"',
        '[plugins.openai.endpoints.mine]\nbase_url = "http://[::1]:8000/v1"',
        '[plugins.acme]\nnote = "see https below"',
    ],
)
def test_a_file_that_is_found_may_name_addresses_with_their_keys_and_this_machine(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(tmp_path, table, monkeypatch) == []


def test_a_file_that_is_found_can_not_send_an_admin_key_of_the_environment_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"\napi_key = "x"'
    monkeypatch.setenv("YMERA_PLUGINS__OPENAI__VENDORS__OPENAI__ADMIN_KEY", "of the user")
    assert found(tmp_path, table, monkeypatch) == ["plugins.openai.vendors.openai.base_url"]


@pytest.mark.parametrize("command", ['["rm", "-r", "/"]', '"rm -r /"'])
def test_a_file_that_is_found_can_not_name_a_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = f'[plugins.gemini.vertex]\nproject = "p"\ntoken_command = {command}'
    assert found(tmp_path, table, monkeypatch) == ["plugins.gemini.vertex.token_command"]
    assert load(tmp_path / "ymera.toml")  # the user named it
    assert found(tmp_path, "[plugins.gemini.vertex]\ntoken_command = []", monkeypatch) == []


def test_a_key_in_the_environment_is_not_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YMERA_PLUGINS__OPENAI__VENDORS__OPENAI__API_KEY", "sk-of-the-user")
    table = '[plugins.openai.vendors.openai]\nbase_url = "https://evil.example/v1"\napi_key = "sk-of-evil"'
    assert found(tmp_path, table, monkeypatch) == ["plugins.openai.vendors.openai.base_url"]


def test_the_users_file_is_read_without_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ymera").mkdir()
    table = '[server]\naddress = "127.0.0.1:1"\n[plugins.openai.vendors.openai]\nbase_url = "https://proxy.example/v1"'
    write(tmp_path / "ymera", table)
    assert load().server.address == "127.0.0.1:1"
    write(tmp_path, '[server]\naddress = "127.0.0.1:2"')
    settings = load()
    assert (settings.server.address, settings.plugins.tables) == ("127.0.0.1:2", {})


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ("YMERA_ENVIROMENT", "did you mean YMERA_ENVIRONMENT?"),
        ("YMERA_SERVR__ADDRESS", "did you mean YMERA_SERVER__ADDRESS?"),
        ("YMERA_SERVER_ADDRESS", "write YMERA_SERVER__ADDRESS"),
        ("YMERA_ADRESS", "did you mean YMERA_ADDRESS?"),
        ("YMERA_NONSENSE__KEY", "is not a known variable"),
    ],
)
def test_a_variable_with_a_wrong_name_is_a_fault(
    variable: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "production")
    assert problem in faults(write(tmp_path, ""))[variable]


@pytest.mark.parametrize(
    "variable", ["YMERA_ADDRESS", "YMERA_API_KEY", "YMERA_SERVICE_HOST", "YMERA_PORT_50051_TCP", "YMERA_SERVER_PORT"]
)
def test_variables_of_commands_and_of_kubernetes_are_not_faults(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    assert load(write(tmp_path, ""))


def test_every_key_is_shown_with_its_source_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YMERA_LOG__LEVEL", "debug")
    file = write(tmp_path, '[server]\naddress = "127.0.0.1:1"\n[plugins.openai.vendors.openai]\napi_key = "sk-1"')
    shown = {each.path: (each.value, each.source) for each in values(load(file), Source.of(file))}
    assert shown["log.level"] == ('"debug"', "environment")
    assert shown["server.address"] == ('"127.0.0.1:1"', str(file))
    assert shown["server.insecure"] == ("false", "default")
    assert shown["plugins.openai.vendors.openai.api_key"] == ("(hidden)", str(file))


def test_the_file_to_begin_with_is_valid_and_so_is_each_of_its_lines(tmp_path: Path) -> None:
    text = template()
    assert load(write(tmp_path, text)) == load(write(tmp_path, ""))
    lines = [line for line in text.splitlines() if not line.endswith("=")]
    assert load(write(tmp_path, "\n".join(line.removeprefix("# ") for line in lines[2:])))
