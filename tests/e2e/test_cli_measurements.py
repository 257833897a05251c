"""`ymera benchmark` as a user runs it: scores, budgets and tasks of one's own."""

import json
import re

from tests.e2e.homes import Home, on_a_terminal


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
