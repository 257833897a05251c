"""What commands show of models, plugins, health and past requests."""

import re
from pathlib import Path

import pytest

from tests.e2e.homes import UUID, Home


def test_a_decision_is_shown_and_can_be_explained(home: Home, where: list[str]) -> None:
    shown = home.run("route", "Write hello world in Python", *where)
    assert shown.returncode == 0
    assert re.search(r"^1 +\S+/\S+ +0\.\d{3} ", shown.stdout, re.MULTILINE)
    [request_id] = re.findall(UUID, shown.stderr)
    explained = home.json("explain", request_id, *where)
    assert (explained["request_id"], explained["status"]) == (request_id, "EXECUTION_STATUS_ROUTED")
    assert explained["decision"]["explanation"] in shown.stdout


def test_the_tokens_of_a_prompt_are_counted(home: Home, where: list[str]) -> None:
    counted = home.run("count", "Hello!", "-m", "simulator/sim-small", *where)
    assert (counted.returncode, counted.stdout) == (0, "5 tokens · simulator/sim-small\n")
    asked = home.json("count", "Hello!", "-m", "sim-small", *where)
    assert (asked["input_tokens"], asked["model"]) == ("5", "simulator/sim-small")
    without = home.run("count", "Hello!", *where)
    assert without.returncode == 2
    assert "--model" in without.stderr


def test_an_answer_can_be_explained(home: Home, server: str) -> None:
    run = home.run("ask", "--model", "echo/words", "one two", "--session", "s-7", "--address", server)
    [request_id] = re.findall(UUID, run.stderr)
    explained = home.run("explain", request_id, "--address", server)
    assert "completed in" in explained.stdout
    assert "2 → 2 tokens · free" in explained.stdout
    assert "session s-7" in explained.stdout
    assert re.search(r"^ +1 +echo/words .* answered$", explained.stdout, re.MULTILINE)


def test_past_requests_are_listed_and_found_by_the_beginning_of_their_id(home: Home, where: list[str]) -> None:
    run = home.run("ask", "--model", "echo/words", "one two", *where)
    [request_id] = re.findall(UUID, run.stderr)
    listed = home.run("history", "-n", "1", "--model", "echo/words", *where)
    assert re.search(rf"{request_id} +completed +2 → 2 +free .* echo/words$", listed.stdout, re.MULTILINE)
    for which in (["--last"], [request_id[:22]], [request_id]):
        assert home.json("explain", *which, *where)["request_id"] == request_id
    for nothing in ("01234567", "nonsense"):
        missing = home.run("explain", nothing, *where)
        assert (missing.returncode, missing.stdout) == (1, "")
        assert "ymera history" in missing.stderr
    assert home.run("explain", *where).returncode == 2
    assert home.run("history", "--label", "team", *where).returncode == 2


OUTAGE = """
[log]
level = "error"
[plugins]
disabled = ["anthropic", "ollama"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.acme]
base_url = "http://127.0.0.1:1/v1"
api_key = "sk-of-acme-0123456789"
"""
UNFINISHED = """
[log]
level = "error"
[plugins]
disabled = ["anthropic", "ollama"]
[plugins.openai]
discover_local = false
[plugins.openai.vendors.openai]
enabled = true
"""


@pytest.mark.parametrize(
    ("config", "remedy"),
    [(OUTAGE, r"no model can be called: acme: .+"), (UNFINISHED, r"no model can be called: openai: .+OPENAI_API_KEY")],
)
def test_health_fails_if_no_model_can_be_called_and_names_the_cause(
    home: Home, tmp_path: Path, config: str, remedy: str
) -> None:
    """The simulated models don't count, as routing would not use them as a replacement."""
    file = tmp_path / "ymera.toml"
    file.write_text(config)
    run = home.run("health", "--config", str(file))
    assert run.returncode == 1, run.stdout
    assert run.stdout.startswith("unavailable")
    assert re.search(f"^{remedy}", run.stdout, re.MULTILINE)
    assert "set a vendor's key" not in run.stdout + run.stderr
    run = home.run("ask", "What is 17 * 23?", "--config", str(file))
    assert run.returncode == 1, run.stdout


def test_models_plugins_and_health_are_listed(home: Home, where: list[str]) -> None:
    models = {model["id"]: model for model in home.json("models", *where)["models"]}
    assert models["echo/words"]["simulated"] is True
    plugins = {plugin["name"]: plugin["state"] for plugin in home.json("plugins", *where)["plugins"]}
    assert (plugins["echo"], plugins["openai"]) == ("STATE_ACTIVE", "STATE_DISABLED")
    health = home.json("health", *where)
    assert health["storage"]["backend"] == "sqlite"
    assert health["simulator_only"] is True
    assert health["status"] == "HEALTH_STATUS_OK"
    assert "OPENAI_API_KEY" in health["detail"]
    states = {plugin["name"]: plugin["status"] for plugin in health["plugins"]}
    assert (states["openai"], states["echo"]) == ("HEALTH_STATUS_DISABLED", "HEALTH_STATUS_OK")


def test_of_one_model_is_shown_what_is_known_and_from_whom(home: Home, where: list[str]) -> None:
    shown = home.run("models", "echo/words", *where)
    assert re.search(r"^tools +no +provider +\d{4}-\d\d-\d\d$", shown.stdout, re.MULTILINE), shown.stdout
    model = home.json("models", "echo/words", *where)
    assert {fact["source"] for fact in model["facts"]} == {"provider"}
    unknown = home.run("models", "lobster", *where)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no model is named 'lobster'" in unknown.stderr


def test_lists_are_plain_text_without_a_terminal(home: Home, server: str) -> None:
    for command in ("models", "plugins", "health"):
        run = home.run(command, "--address", server)
        assert run.returncode == 0
        assert "echo" in run.stdout
        assert "\x1b" not in run.stdout + run.stderr
        assert not re.search(r"[ ]$", run.stdout, re.MULTILINE)
