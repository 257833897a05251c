"""Callers and their keys on the command line."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.homes import BOUND, CONFIG, Home, address_in


@pytest.fixture
def keyed(home: Home, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server that asks for a key, and a key."""
    config = tmp_path / "keyed.toml"
    config.write_text(CONFIG)
    added = home.run("callers", "add", "checkout", "--config", str(config))
    assert added.returncode == 0, added.stderr
    key = added.stdout.strip()
    assert key not in config.read_text() + added.stderr
    with home.start("serve", "--config", str(config), "--address", "127.0.0.1:0") as process:
        assert process.stderr
        try:
            yield address_in(process.stderr), key
        finally:
            process.terminate()
            _, logs = process.communicate(timeout=BOUND)
            assert key not in logs


def test_a_command_sends_the_key_of_a_file_or_of_the_environment(
    home: Home, keyed: tuple[str, str], tmp_path: Path
) -> None:
    address, key = keyed
    refused = home.run("ask", "hello", "--model", "echo/words", "--address", address)
    assert refused.returncode == 1
    assert "UNAUTHENTICATED" in refused.stderr
    assert "YMERA_API_KEY" in refused.stderr
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    streamed = home.run("ask", "hello", "--model", "echo/words", "--address", address, "--api-key-file", str(file))
    assert (streamed.returncode, streamed.stdout) == (0, "hello\n")
    assert home.run("health", "--address", address, YMERA_API_KEY=key).returncode == 0
    unreadable = home.run("health", "--address", address, "--api-key-file", str(tmp_path / "none"))
    assert unreadable.returncode == 2


def test_a_caller_is_added_only_to_a_configuration_that_remains_valid(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "ymera.toml"
    config.write_text("[access]\ncallers = []\n")  # TOML can't extend such a list
    run = home.run("callers", "add", "checkout", "--config", str(config))
    assert run.returncode == 2
    assert config.read_text() == "[access]\ncallers = []\n"
    assert [file.name for file in tmp_path.iterdir()] == ["ymera.toml"]
    assert home.run("callers", "add", "no good").returncode == 2


def test_callers_are_listed_with_their_limits_and_what_they_spent(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "ymera.toml"
    config.write_text(CONFIG + "[server]\ninsecure = true\n")
    empty = home.run("callers", "list", "--config", str(config))
    assert (empty.returncode, "There are no callers" in empty.stdout) == (0, True), empty.stderr
    limits = ("--spend-per-day", "0.5", "--spend-per-month", "3", "--requests-per-minute", "20")
    key = home.run("callers", "add", "trial", "--config", str(config), *limits).stdout.strip()
    home.run("callers", "add", "checkout", "--config", str(config))
    with home.start("serve", "--config", str(config), "--address", "127.0.0.1:0") as process:
        assert process.stderr
        address = address_in(process.stderr)
        spent = home.run("ask", "hello", "-m", "simulator/sim-large", "--address", address, YMERA_API_KEY=key)
        process.terminate()
        process.communicate(timeout=BOUND)
    assert spent.returncode == 0, spent.stderr
    listed = home.run("callers", "list", "--config", str(config))
    assert listed.returncode == 0, listed.stderr
    assert re.search(r"trial +1 +all +20 +\$0\.00\d+ +\$0\.50 +\$0\.00\d+ +\$3\.00", listed.stdout)
    assert re.search(r"checkout +1 +all +any number +\$0 +no limit +\$0 +no limit", listed.stdout)
    [checkout, trial] = json.loads(home.run("callers", "list", "--config", str(config), "--json").stdout)["callers"]
    assert (checkout["spend_per_day_micros"], trial["spend_per_day_micros"]) == (None, 500_000)
    assert trial["spent_today_micros"] == trial["spent_this_month_micros"] > 0 == checkout["spent_today_micros"]


def test_a_key_may_have_limits_which_all_keys_of_its_name_share(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "ymera.toml"
    config.write_text("")
    limits = ("--allow-models", "groq/*", "--allow-models", 'a"b', "--requests-per-minute", "20")
    for _ in range(2):
        assert home.run("callers", "add", "trial", "--config", str(config), *limits).returncode == 0
    written = tomllib.loads(config.read_text())["access"]["callers"]
    assert [(each["allow_models"], each["requests_per_minute"]) for each in written] == [(["groq/*", 'a"b'], 20)] * 2
    before = config.read_text()
    run = home.run("callers", "add", "trial", "--config", str(config))
    assert run.returncode == 2
    assert "'trial' differ in allow_models" in run.stderr
    assert config.read_text() == before
    run = home.run("callers", "add", "trial", "--allow-models", "")
    assert (run.returncode, run.stdout) == (2, "")
    assert "allow_models.0" in run.stderr
