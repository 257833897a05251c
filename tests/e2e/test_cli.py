"""`ymera …` as a user runs it: in a separate process, against a running server and with an embedded one."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.homes import BOUND, LONG, UUID, Home


def test_an_answer_is_streamed_and_followed_by_a_summary_line(home: Home, where: list[str]) -> None:
    run = home.run("ask", "--model", "echo/words", "one two three", *where)
    assert (run.returncode, run.stdout) == (0, "one two three\n")
    *_, quiet = run.stderr.splitlines()
    assert re.fullmatch(rf"echo/words for \w+ .* · 3 → 3 tokens · free · [\d.]+ m?s · {UUID}", quiet)


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


def test_feedback_is_given_to_the_latest_answer_or_to_one_by_its_id(home: Home, server: str) -> None:
    run = home.run("ask", "--model", "echo/words", "one two", "--address", server)
    [request_id] = re.findall(UUID, run.stderr)
    given = home.run("feedback", "good", "--last", "--address", server)
    assert re.search(r"^echo/words for \w+: 1\.00 ", given.stdout)
    assert home.json("feedback", request_id[:22], "--score", "0.5", "--address", server)["quality"] == 0.75
    for wrong in (["good", "bad"], [request_id], [request_id, "good", "--last"], ["--score", "2"]):
        assert home.run("feedback", *wrong, "--address", server).returncode == 2


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
