"""What a person at a terminal sees and types."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.homes import BOUND, Home, on_a_terminal


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
