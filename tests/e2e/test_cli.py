"""`ymera …` as a user runs it: in a separate process, against a running server and with an embedded one."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
CONFIG = """
[plugins]
disabled = ["anthropic", "openai"]

[plugins.echo]
pause_seconds = 0.02

[plugins.simulator.faults]
sim-free = { mode = "server_error" }
sim-small = { mode = "cut" }
"""
"""The tests never call a vendor or another local server."""
LONG = " ".join(f"word{number}" for number in range(1000))
BOUND = 60


@dataclass(frozen=True)
class Home:
    """A user's folder."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "YMERA_ADDRESS"))}
        return {
            **kept,
            **{f"XDG_{kind}_HOME": str(self.path / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")},
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        run = subprocess.run(
            [*YMERA, *arguments],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            cwd=self.path,
            env={**self.environment, **environment},
            capture_output=True,
            check=False,
            timeout=BOUND,
        )
        done = subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        run = self.run(*arguments, "--json")
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*YMERA, *arguments],
            cwd=self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("home")
    (path / "ymera.toml").write_text(CONFIG)
    return Home(path)


@pytest.fixture(scope="module")
def server(home: Home) -> Iterator[str]:
    """The address of `ymera serve`, which ends on SIGTERM."""
    with home.start("serve", "--address", "127.0.0.1:0") as process:
        assert process.stderr
        try:
            yield _address(process.stderr)
        finally:
            process.terminate()
            _, rest = process.communicate(timeout=BOUND)
            assert process.returncode == 0, rest
            assert "Traceback" not in rest


def _address(logs: Iterable[str]) -> str:
    serving = next(line for line in map(json.loads, logs) if line["event"] == "serving")
    return str(serving["address"])


@pytest.fixture(params=["running", "own"])
def where(request: pytest.FixtureRequest) -> list[str]:
    """The options that choose a server: one that runs, or none."""
    return ["--address", request.getfixturevalue("server")] if request.param == "running" else []


def test_an_answer_is_streamed_and_followed_by_a_summary_line(home: Home, where: list[str]) -> None:
    run = home.run("ask", "--model", "echo/words", "one two three", *where)
    assert (run.returncode, run.stdout) == (0, "one two three\n")
    *_, quiet = run.stderr.splitlines()
    assert re.fullmatch(rf"echo/words for \w+ .* · 3 → 3 tokens · free · [\d.]+ m?s · {UUID}", quiet)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ask -m simulator/sim-l", ["simulator/sim-large"]),
        ("ask -m sim-l", ["sim-large"]),
        ("history --model echo", ["echo/words"]),
        ("benchmark --models ech", ["echo/words"]),
        ("benchmark --categories m", ["math"]),
        ("benchmark --suites b", ["basics"]),
        ("models --provider e", ["echo"]),
        ("plugins show ba", ["basics"]),
        ("mod", ["models"]),
    ],
)
def test_the_shell_completes_names_that_the_server_knows(
    home: Home, server: str, words: str, expected: list[str]
) -> None:
    assert _completed(home, words, server) == expected


def test_names_are_kept_and_completion_is_silent_without_a_server(home: Home, server: str, tmp_path: Path) -> None:
    visitor = Home(tmp_path)
    assert _completed(visitor, "ask -m echo/", server) == ["echo/words"]
    (kept,) = tmp_path.glob("CACHE/**/names.json")
    kept.write_text(kept.read_text().replace("echo/words", "echo/kept"))
    assert _completed(visitor, "ask -m echo/", server) == ["echo/kept"]
    assert _completed(visitor, "ask -m echo/", "127.0.0.1:1") == []
    os.utime(kept, (0, 0))
    assert _completed(visitor, "ask -m echo/", server) == ["echo/words"]


def _completed(home: Home, words: str, address: str) -> list[str]:
    line = f"ymera {words}"
    asked = {"_YMERA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    program = "import sys; sys.argv[0] = 'ymera'; from ymera_service.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=home.path,
        env={**home.environment, **asked, "YMERA_ADDRESS": address},
        capture_output=True,
        text=True,
        check=True,
        timeout=BOUND,
    )
    assert run.stderr == ""
    return run.stdout.split()


def test_the_simulator_is_marked_and_the_remedy_is_shown(home: Home, server: str) -> None:
    run = home.run("ask", "What is 17 * 23?", "--model", "simulator/sim-large", "--address", server)
    assert run.returncode == 0
    assert "simulator answered" in run.stderr
    assert "OPENAI_API_KEY" in run.stderr
    assert "Ollama" in run.stderr


@pytest.mark.parametrize("argument", [["-"], []])
def test_a_prompt_is_read_from_a_pipe(home: Home, server: str, argument: list[str]) -> None:
    run = home.run("ask", *argument, "--model", "echo/words", "--address", server, stdin="Grüß Gott\n")
    assert (run.returncode, run.stdout) == (0, "Grüß Gott\n")


def test_piped_input_goes_before_the_prompt(home: Home, server: str) -> None:
    run = home.run("ask", "Sum it up.", "-m", "echo/words", "--address", server, stdin="the text\n")
    assert (run.returncode, run.stdout) == (0, "the text\n\nSum it up.\n")


def test_what_has_no_option_is_set_by_its_name_and_a_repeat_is_said_to_be_one(home: Home, server: str) -> None:
    given = ["--effort", "high", "--label", "team=search", "--set", "end_user=u1", "--set", "idempotency_key=key-1"]
    first, repeat = (home.run("ask", "What is 6 × 7?", "--address", server, *given) for _ in range(2))
    assert first.stdout == repeat.stdout
    assert "not charged again" not in first.stderr
    assert "not charged again" in repeat.stderr
    [record] = json.loads(home.run("history", "--label", "team=search", "--address", server, "--json").stdout)[
        "executions"
    ]
    assert record["attribution"]["end_user"] == "u1"
    assert record["request_id"] in first.stderr
    assert record["request_id"] in repeat.stderr


def test_the_last_code_block_is_extracted(home: Home, server: str) -> None:
    answer = "First\n```\none\n```\nthen\n```sh\ntwo\n```\nDone."
    run = home.run("ask", answer, "-x", "-m", "echo/words", "--address", server)
    assert (run.returncode, run.stdout) == (0, "two\n")
    assert home.run("ask", "no code", "-x", "-m", "echo/words", "--address", server).stdout == "no code\n"


def test_a_failed_command_prints_its_message_alone(home: Home) -> None:
    run = home.run("ask", "Hi", "--model", "gpt-5")
    assert (run.returncode, run.stdout) == (1, "")
    first, *notes = run.stderr.splitlines()
    assert first == "Error: no model is named 'gpt-5'"
    assert notes[:2] == [
        "  Set OPENAI_API_KEY for the server to use models of this vendor.",
        "  `ymera models` lists the models on offer.",
    ]


def test_a_streams_json_is_one_event_a_line_numbered_without_gaps(home: Home, where: list[str]) -> None:
    run = home.run("ask", "--model", "echo/words", "one two", "--json", *where)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
    assert "started" in events[0]
    assert "".join(event["text_delta"]["text"] for event in events if "text_delta" in event) == "one two"
    assert events[-1]["completed"]["usage"]["output_tokens"] == "2"
    assert run.stderr == ""


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


def test_feedback_is_given_to_the_latest_answer_or_to_one_by_its_id(home: Home, server: str) -> None:
    run = home.run("ask", "--model", "echo/words", "one two", "--address", server)
    [request_id] = re.findall(UUID, run.stderr)
    given = home.run("feedback", "good", "--last", "--address", server)
    assert re.search(r"^echo/words for \w+: 1\.00 ", given.stdout)
    assert home.json("feedback", request_id[:22], "--score", "0.5", "--address", server)["quality"] == 0.75
    for wrong in (["good", "bad"], [request_id], [request_id, "good", "--last"], ["--score", "2"]):
        assert home.run("feedback", *wrong, "--address", server).returncode == 2


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


def test_a_measurement_ends_in_scores(home: Home, server: str) -> None:
    chosen = ("--models", "simulator/*", "--suites", "basics", "--categories", "math")
    options = (*chosen, "--tasks", "2", "--address", server)
    assert home.run("benchmark", *options).returncode == 2  # there is no terminal to ask at
    shown = home.run("benchmark", *options, "--yes")
    assert shown.returncode == 0, shown.stderr
    assert re.match(r"14 tasks: 7 models × 2 of basics, seed \d+\nexpected cost: \$0\.\d+", shown.stderr)
    assert re.match(r"model +category +score +95 % interval", shown.stdout)
    assert re.search(r"^simulator/\S+ +math +[01]\.\d\d ", shown.stdout, re.MULTILINE)
    events = [json.loads(line) for line in home.run("benchmark", *options, "--json", "-y").stdout.splitlines()]
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
    assert ("started" in events[0], "completed" in events[-1]) == (True, True)


def test_a_measurement_stays_within_its_budget(home: Home, server: str) -> None:
    at = ("--suites", "basics", "--categories", "math", "--address", server)
    options = ("--models", "simulator/sim-large", "--tasks", "20", *at)
    shown = home.run("benchmark", *options, "--budget", "0.02", "--all-tasks")
    assert shown.returncode == 0, shown.stderr
    [measured] = re.findall(r"(\d+) tasks were measured for \$0\.\d+, within the limits", shown.stderr)
    assert 0 < int(measured) < 20
    [cost] = re.findall(r"\$(0\.\d+)$", shown.stdout, re.MULTILINE)
    assert float(cost) <= 0.02


def test_a_measurement_with_a_limit_ends_when_the_choices_are_sure(home: Home, server: str) -> None:
    options = ("--models", "simulator/*", "--categories", "math", "--seed", "3", "--address", server)
    shown = home.run("benchmark", *options, "--max-requests", "150", "--yes")
    assert shown.returncode == 0, shown.stderr
    assert re.match(r"at most \d+ tasks: .*\nexpected cost: at most \$.*; no more than 150 calls;", shown.stderr)
    assert re.search(r"^math +simulator/\S+ +\d+ % +\d+ % +simulator/\S+$", shown.stdout, re.MULTILINE)
    [measured] = re.findall(r"(\d+) tasks were measured for \$0\.\d+, (?:as no other|within the limits)", shown.stderr)
    assert 0 < int(measured) <= 150


def test_own_tasks_rank_the_models_and_make_a_category(home: Home, server: str) -> None:
    tasks = [{"prompt": f"What is {number} + 25?", "answer": number + 25} for number in range(3)]
    file = home.path / "my.jsonl"
    file.write_text("\n".join(map(json.dumps, tasks)))
    at = ("--address", server)
    assert "is not a category" in home.run("route", "Hi", "--category", "support", *at).stderr
    alone = home.run("benchmark", "--suite", "my.jsonl", *at)
    assert (alone.returncode, "--as-category" in alone.stderr) == (2, True)
    options = ("--suite", "my.jsonl", "--as-category", "support", "--models", "simulator/*", *at)
    shown = home.run("benchmark", *options, "--yes")
    assert shown.returncode == 0, shown.stderr
    assert "21 tasks: 7 models × 3 of my, seed" in shown.stderr
    assert re.search(r"^simulator/\S+ +support +1\.00 +0\.\d\d–1\.00 +3 +0 .*\$0\.\d+$", shown.stdout, re.MULTILINE)
    routed = home.json("route", "Hi", "--category", "support", *at)
    assert routed["decision"]["category"] == "support"
    evidence = [part["evidence"] for part in routed["decision"]["candidates"][0]["components"]]
    assert any(each.endswith("over 3 support tasks") for each in evidence)
    file.write_text('{"prompt": "Hi", "answer": "x"}\n{"prompt": "Hi", "answr": "x"}')
    failed = home.run("benchmark", *options)
    assert (failed.returncode, "my.jsonl, line 2: 'answr' is not a field" in failed.stderr) == (2, True)


def test_a_measurement_that_the_user_does_not_want_is_not_begun(home: Home, server: str) -> None:
    options = ("--models", "simulator/sim-large", "--address", server)
    shown = on_a_terminal(home, "benchmark", *options, answer="n\n", code=1)
    assert "expected cost" in shown
    assert shown.rstrip().endswith("Begin? [y/N]")
    assert "interval" in on_a_terminal(home, "benchmark", *options, "--tasks", "1", answer="y\n")


def test_an_unknown_model_comes_with_suggestions(home: Home, server: str) -> None:
    run = home.run("ask", "Hi", "--model", "echo/word", "--address", server)
    assert (run.returncode, run.stdout) == (1, "")
    assert "echo/words" in run.stderr
    assert "ymera models" in run.stderr


def test_a_failures_json_goes_to_standard_error(home: Home, server: str) -> None:
    run = home.run("route", "Hi", "--model", "unknown/*", "--json", "--address", server)
    assert (run.returncode, run.stdout) == (1, "")
    assert json.loads(run.stderr)["error"]["reason"] == "MODEL_NOT_FOUND"


def test_the_error_of_an_invalid_request_names_the_field(home: Home, server: str) -> None:
    run = home.run("ask", "", "--max-tokens", "0", "--temperature", "9", "--address", server)
    assert run.returncode == 2
    assert "  prompt.sampling.max_output_tokens: " in run.stderr
    assert "  prompt.sampling.temperature: " in run.stderr


def test_an_answer_that_takes_too_long_fails(home: Home, server: str) -> None:
    run = home.run("ask", LONG, "--model", "echo/words", "--timeout", "0.3", "--address", server)
    assert run.returncode == 1
    # The server reports it, or gRPC at the client's side where that is quicker.
    assert "the deadline passed" in run.stderr or "longer than --timeout allows" in run.stderr


def test_a_failover_is_reported(home: Home, server: str) -> None:
    both = ("--model", "simulator/sim-free", "--model", "simulator/sim-coder", "--weights", "cost=1")
    run = home.run("ask", "What is 17 * 23?", *both, "--address", server)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^simulator/sim-free failed \(.+\); trying simulator/sim-coder$", run.stderr, re.MULTILINE)
    assert re.match(r"simulator/sim-coder after \d failures? \(", run.stderr.splitlines()[-1])


def test_an_interrupted_answer_is_a_failure(home: Home, server: str) -> None:
    run = home.run("ask", "What is 17 * 23?", "--model", "simulator/sim-small", "--address", server)
    assert run.returncode == 1
    assert run.stdout.strip()
    assert "Error: the answer is incomplete: " in run.stderr


def test_a_server_that_is_not_there_is_reported_with_a_remedy(home: Home) -> None:
    run = home.run("health", YMERA_ADDRESS="127.0.0.1:1")
    assert run.returncode == 1
    assert "no server is reachable at 127.0.0.1:1" in run.stderr
    assert "ymera serve" in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "Hi", "--address", "nowhere"],
        ["ask", "Hi", "--weights", "1,2"],
        ["ask", "Hi", "--max-cost", "lots"],
        ["ask", "Hi", "--image", "none.png"],
        ["ask", "Hi", "--nonsense"],
        ["aks", "Hi"],
        ["explain"],
    ],
)
def test_a_wrong_command_line_is_reported_before_anything_starts(home: Home, arguments: list[str]) -> None:
    run = home.run(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Error" in run.stderr


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


def test_an_interruption_is_quiet_and_stops_the_request(home: Home, server: str) -> None:
    with home.start("ask", LONG, "--model", "echo/words", "--json", "--address", server) as process:
        assert process.stdout
        request_id = json.loads(process.stdout.readline())["started"]["request_id"]
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=BOUND)
    assert (process.returncode, stderr) == (130, "")
    assert _recorded_status(home, request_id, server) == "EXECUTION_STATUS_CANCELLED"


def _recorded_status(home: Home, request_id: str, server: str) -> str:
    """The record is written after the end of the call, so it is polled."""
    end = time.monotonic() + BOUND
    while (run := home.run("explain", request_id, "--json", "--address", server)).returncode:
        assert time.monotonic() < end, run.stderr
    return str(json.loads(run.stdout)["status"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_embedded_server_leaves_nothing_behind(home: Home, number: int, code: int, tmp_path: Path) -> None:
    with home.start("ask", LONG, "--model", "echo/words", TMPDIR=str(tmp_path)) as process:
        assert process.stdout
        assert process.stdout.read(5) == "word0"
        assert list(tmp_path.iterdir())
        process.send_signal(number)
        _, stderr = process.communicate(timeout=BOUND)
    assert (process.returncode, stderr) == (code, "")
    assert not list(tmp_path.iterdir())


def test_a_closed_pipe_is_not_a_failure(home: Home, server: str) -> None:
    with home.start("ask", LONG, "--model", "echo/words", "--address", server) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(5)
        process.stdout.close()
        stderr = process.stderr.read()
    assert (process.wait(BOUND), stderr) == (0, "")


def test_the_version_and_the_exit_codes_are_printed(home: Home) -> None:
    assert re.fullmatch(r"ymera \d+\.\d+\.\d+\n", home.run("--version").stdout)
    usage = home.run("--help").stdout
    for command in ("ask", "route", "explain", "benchmark", "models", "plugins", "health", "serve", "config"):
        assert f" {command} " in usage
    assert "130 interrupted" in usage
    assert "ymera ask" in home.run("ask", "--help").stdout


def on_a_terminal(home: Home, *arguments: str, answer: str = "", code: int = 0, **environment: str) -> str:
    """Runs a command on a terminal at which a line is typed, and returns all that it wrote there."""
    control, terminal = pty.openpty()
    colours: Mapping[str, str] = {**home.environment, "TERM": "xterm-256color", **environment}
    plain = {name: value for name, value in colours.items() if name != "NO_COLOR" or "NO_COLOR" in environment}
    with subprocess.Popen(
        [*YMERA, *arguments], cwd=home.path, env=plain, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        os.write(control, answer.encode())
        written = b"".join(_written(control))
        assert process.wait(BOUND) == code
    os.close(control)
    return written.decode()


def _written(control: int) -> Iterator[bytes]:
    while select.select([control], [], [], BOUND)[0]:
        try:
            data = os.read(control, 4096)
        except OSError:  # no process has the terminal open any more
            return
        if not data:
            return
        yield data


def test_a_terminal_gets_colours_unless_they_are_disabled(home: Home, server: str) -> None:
    coloured = on_a_terminal(home, "health", "--address", server)
    assert "\x1b[32mok" in coloured
    plain = on_a_terminal(home, "health", "--address", server, NO_COLOR="1")
    assert "\x1b[32m" not in plain
    assert "ok" in plain


def test_thinking_is_shown_on_a_terminal_only(home: Home, server: str) -> None:
    arguments = ("ask", "What is 17 * 23?", "-m", "simulator/sim-thinker", "--address", server)
    assert "\x1b[2m" in on_a_terminal(home, *arguments).partition("391")[0]
    piped = home.run(*arguments)
    assert piped.stdout.strip().endswith("391")
    assert len(piped.stderr.splitlines()) == 2


def test_a_session_lasts_and_is_the_users_alone(home: Home, server: str) -> None:
    arguments = ("--model", "echo/words", "--session", "garden", "--address", server)
    assert home.run("ask", "one two", *arguments).returncode == 0
    second = home.run("ask", "three", *arguments, "--system", "Be brief.")
    assert (second.returncode, second.stdout) == (0, "three\n")
    file = home.path / "STATE" / "ymera" / "sessions" / "garden.json"
    assert file.stat().st_mode & 0o077 == 0
    kept = json.loads(file.read_text())["messages"]
    assert [(each["role"], each["parts"][0]["text"]) for each in kept] == [
        ("ROLE_USER", "one two"),
        ("ROLE_ASSISTANT", "one two"),
        ("ROLE_USER", "three"),
        ("ROLE_ASSISTANT", "three"),
    ]
    assert home.run("ask", "four", "--session", "../garden", "--address", server).returncode == 2


def test_a_conversation_is_held_on_a_terminal(home: Home, server: str) -> None:
    arguments = ("chat", "--model", "echo/words", "--address", server)
    shown = on_a_terminal(home, *arguments, answer="hello there\n\nonce more\n\x04")
    assert shown.count("hello there") == 2  # as it was typed, and as the answer
    assert shown.count("once more") == 2
    assert "6 → 2 tokens" in shown  # what was said before is sent, too
    piped = home.run(*arguments, stdin="hello")
    assert piped.returncode == 2
    assert "needs a terminal" in piped.stderr


def test_an_answer_can_not_control_the_terminal(home: Home, server: str) -> None:
    evil = "\x1b]0;owned\x07\x1b[31mred"
    shown = on_a_terminal(home, "ask", evil, "--model", "echo/words", "--address", server)
    assert r"\x1b]0;owned\x07\x1b[31mred" in shown
    assert evil not in shown
    piped = home.run("ask", evil, "--model", "echo/words", "--address", server)
    assert piped.stdout == evil + "\n"


def test_json_shows_what_a_terminal_would_not(home: Home, server: str) -> None:
    evil = "\x9b31m\u202e\U000e0041"
    run = home.run("ask", evil, "--model", "echo/words", "--address", server, "--json")
    assert not set(run.stdout) & set(evil[0] + evil[4:])
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert "".join(event["text_delta"]["text"] for event in events if "text_delta" in event) == evil


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
            yield _address(process.stderr), key
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
        address = _address(process.stderr)
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
