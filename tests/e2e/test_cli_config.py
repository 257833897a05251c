"""What commands say of a configuration, before a server starts with it."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.homes import Home


@pytest.mark.parametrize("command", [["config", "check"], ["ask", "Hi"], ["serve"]])
def test_all_errors_of_the_configuration_are_listed_together(home: Home, command: list[str], tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('[server]\naddres = "x"\n[breaker]\nfailures = 0\n')
    run = home.run(*command, "--config", str(file))
    assert (run.returncode, run.stdout) == (2, "")
    assert "did you mean 'address'?" in run.stderr
    assert "breaker.failures" in run.stderr


def test_everything_that_would_prevent_a_start_is_checked(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    none = tmp_path / "none.pem"
    file.write_text(f"""
        [server]
        tls_certificate = "{none}"
        tls_private_key = "{none}"
        [plugins.echo]
        pause_second = 1
    """)
    run = home.run("config", "check", "--config", str(file), "--json")
    assert run.returncode == 2
    faults = {fault["where"]: fault["problem"] for fault in json.loads(run.stderr)["error"]["faults"]}
    assert list(faults) == ["server.tls_certificate", "server.tls_private_key", "plugins.echo.pause_second"]
    assert "did you mean 'pause_seconds'?" in faults["plugins.echo.pause_second"]


def test_an_unknown_classifier_is_an_error(home: Home) -> None:
    run = home.run("config", "check", YMERA_ROUTING__CLASSIFIERS='{"oracle": 1}')
    assert run.returncode == 2
    assert "routing.classifiers: no plugin registers a classifier" in run.stderr


def test_a_valid_configuration_passes(home: Home) -> None:
    assert home.run("config", "check").stdout == "ymera.toml: no fault found\n"


def test_the_database_is_checked_and_not_created(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = home.run("config", "check", YMERA_STORAGE__URL=f"sqlite:///{tmp_path}/file/ymera.db")
    assert run.returncode == 2
    assert "storage.url: cannot open" in run.stderr
    assert home.run("config", "check", YMERA_STORAGE__URL=f"sqlite:///{tmp_path}/new/ymera.db").returncode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_configuration_is_begun_once_and_shown(home: Home, tmp_path: Path) -> None:
    begun = tmp_path / "folder" / "ymera.toml"
    assert home.run("config", "init", "--config", str(begun)).returncode == 0
    assert home.run("config", "init", "--config", str(begun)).returncode == 2
    shown = home.run("config", "show", "--config", str(begun), YMERA_STORAGE__URL="postgresql://u:hunter22@db/ymera")
    assert re.search(r"^storage.url +\S*@db/ymera\S* +environment$", shown.stdout, re.MULTILINE)
    assert "hunter22" not in shown.stdout


def test_an_address_in_use_is_reported(home: Home, server: str) -> None:
    run = home.run("serve", "--address", server)
    assert run.returncode == 2
    assert "another program listens there" in run.stderr


def test_a_production_server_that_is_not_secure_does_not_start(home: Home) -> None:
    run = home.run("serve", "--address", "0.0.0.0:0", YMERA_ENVIRONMENT="production")
    assert run.returncode == 2
    assert "server.insecure" in run.stderr
    assert (
        home.run("config", "check", YMERA_ENVIRONMENT="production", YMERA_SERVER__ADDRESS="0.0.0.0:0").returncode == 2
    )


def test_config_check_does_not_show_credentials_in_an_address(home: Home) -> None:
    for options in ((), ("--json",)):
        run = home.run("config", "check", *options, YMERA_SERVER__ADDRESS="https://me:hunter22@host?api_key=hidden")
        assert run.returncode == 2
        assert "server.address" in run.stderr
        assert "hunter22" not in run.stdout + run.stderr
        assert "hidden" not in run.stdout + run.stderr
