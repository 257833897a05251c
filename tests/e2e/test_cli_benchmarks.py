"""Runs of benchmarks from the command line: resumed after a server was killed, and looked at."""

import json
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.homes import BOUND, CONFIG, Home, address_in

CHOSEN = ("--models", "simulator/sim-large", "--suites", "basics", "--categories", "math")
OPTIONS = (*CHOSEN, "--tasks", "40", "--seed", "7")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A user without past runs."""
    (tmp_path / "ymera.toml").write_text(CONFIG)
    return Home(tmp_path)


def test_a_run_goes_on_after_its_server_was_killed(home: Home) -> None:
    with home.start("serve", "--address", "127.0.0.1:0") as server:
        assert server.stderr
        address = address_in(server.stderr)
        with home.start("benchmark", *OPTIONS, "--concurrency", "1", "--json", "-y", "--address", address) as running:
            assert running.stdout
            events = [json.loads(running.stdout.readline()) for _ in range(6)]
            server.kill()
            running.communicate(timeout=BOUND)
    run_id = events[0]["started"]["run_id"]
    listed = home.json("benchmark", "show")["runs"][0]
    assert (listed["run_id"], "end_time" in listed, listed["total_tasks"]) == (run_id, False, 40)
    lines = home.run("benchmark", "--resume", "last", "--yes", "--json").stdout.splitlines()
    resumed = [json.loads(line) for line in lines]
    started, done = resumed[0]["started"], resumed[-1]["completed"]
    assert (started["run_id"], started["seed"], done["run_id"]) == (run_id, "7", run_id)
    assert 5 <= started["completed_tasks"] < 40
    assert len(resumed) == 40 - started["completed_tasks"] + 2
    [score] = done["scores"]
    assert score["tasks"] + score.get("failures", 0) == 40
    assert score.get("failures", 0) <= 1, "the call under way when the server was killed"

    failed = home.run("benchmark", "show", run_id[:13], "--failed", "-n", "2")
    assert failed.returncode == 0, failed.stderr
    assert len(re.findall(r"^simulator/sim-large · basics math/", failed.stdout, re.MULTILINE)) == 2
    assert re.search(r"✗ answer: a right answer is", failed.stdout)
    assert "There are more" in failed.stdout
    again = home.run("benchmark", "--resume", "last", "-y")
    assert (again.returncode, "no unfinished run" in again.stderr) == (2, True), again.stderr


@pytest.mark.parametrize("running", [True, False], ids=["running", "own"])
def test_an_interruption_says_what_was_done_and_how_to_go_on(home: Home, *, running: bool) -> None:
    with ExitStack() as stack:
        where: list[str] = []
        if running:
            server = stack.enter_context(home.start("serve", "--address", "127.0.0.1:0"))
            stack.callback(server.terminate)
            assert server.stderr
            where = ["--address", address_in(server.stderr)]
        with home.start("benchmark", *OPTIONS, "--concurrency", "1", "--json", "-y", *where) as process:
            assert process.stdout
            for _ in range(6):
                process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=BOUND)
        assert process.returncode == 130
        done, command = said.splitlines()
        found = re.fullmatch(r"Interrupted: (\d+) of 40 tasks done, \$(\S+)", done)
        assert found, done
        assert 5 <= int(found[1]) < 40
        assert float(found[2]) > 0
        assert command == " ".join(["To go on: ymera benchmark --resume last", *where])
        again = home.run(*command.removeprefix("To go on: ymera ").split(), "-y", "--json", "--concurrency", "16")
    assert "completed" in json.loads(again.stdout.splitlines()[-1]), again.stderr


def test_a_run_says_who_compares_answers_and_that_a_simulated_judge_gives_no_verdict(home: Home) -> None:
    options = ("--suites", "conversations", "--tasks", "1", "--yes")
    refused = home.run("benchmark", *options)
    assert (refused.returncode, "judge_models: are required" in refused.stderr) == (2, True), refused.stderr
    models = ("--models", "simulator/sim-coder", "--models", "simulator/sim-writer")
    shown = home.run("benchmark", *models, "--judge", "simulator/sim-large", *options)
    assert shown.returncode == 0, shown.stderr
    plan = (
        r"4 tasks: 2 models × 1 of conversations, seed \d+, and 2 comparisons of answers, 2 of them by a judge of the "
    )
    assert re.match(plan, shown.stderr)
    assert "did not end with one verdict" in shown.stderr
    assert re.search(r"^simulator/sim-large +empathy +– +0 +2 ", shown.stdout, re.MULTILINE), shown.stdout
