"""Keys are read from everywhere but the command line, and recognised by the names of vendors' variables."""

import io
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from ymera.v1.keys_pb2 import KeyCheck, ProviderKey

from ymera_service.cli.problems import CommandFailed
from ymera_service.cli.render import keys as render
from ymera_service.cli.secrets import read_secret, recognised, refuse_keys, variables_in

PROVIDERS = {"openai": ["OPENAI_API_KEY"], "gemini": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]}


@pytest.mark.parametrize(
    "argument",
    [
        "sk-proj-0123456789abcdef",
        "sk-ant-api03-xyz",
        "AIzaSyA0123456789012345678901234567890",
        "gsk_0123456789abcdef",
        "hf_abcdefghij",
        "0123456789abcdef0123456789abcdef",
        "pplx-0123456789",
    ],
)
def test_an_argument_that_looks_like_a_key_is_refused_and_not_repeated(argument: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        refuse_keys(["openai", argument])
    shown = str(caught.value) + " ".join(caught.value.problem.notes)
    assert argument not in shown


@pytest.mark.parametrize(
    "argument", ["openai", "team-b", "2", "ollama-cloud", "", None, "OPENAI_API_KEY_TEAM_B", ".env"]
)
def test_names_are_not_taken_for_keys(argument: str | None) -> None:
    refuse_keys([argument])


def test_a_key_is_read_from_a_file_or_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1\n")
    monkeypatch.setenv("MINE", " sk-2 ")
    assert read_secret("Key", file, "") == "sk-1"
    assert read_secret("Key", None, "MINE") == "sk-2"
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-3\n"))
    assert read_secret("Key", None, "") == "sk-3"


@pytest.mark.parametrize("content", ["", "two words", "sk-1\nsk-2", "schlüssel"])
def test_what_is_not_a_key_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(CommandFailed) as caught:
        read_secret("Key", file, "")
    assert not content or content not in str(caught.value)
    with pytest.raises(CommandFailed):
        read_secret("Key", file, "MINE")
    with pytest.raises(CommandFailed):
        read_secret("Key", tmp_path / "none", "")


def test_a_file_of_variables_is_read_as_shells_and_other_tools_write_it() -> None:
    text = """
    # a comment
    export OPENAI_API_KEY="sk-1"
    GEMINI_API_KEY='AI # 2'   # another
    PLAIN=value # the rest
    EMPTY=
    not a line
    """
    assert variables_in(text) == {
        "OPENAI_API_KEY": "sk-1",
        "GEMINI_API_KEY": "AI # 2",
        "PLAIN": "value",
        "EMPTY": "",
    }


def test_keys_are_recognised_by_the_names_of_vendors_variables() -> None:
    variables = {
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_API_KEY_2": "sk-2",
        "OPENAI_API_KEY_Team_A": "sk-3",
        "OPENAI_API_KEYS": "no",
        "MY_OPENAI_API_KEY": "no",
        "OPENAI_API_KEY_EMPTY": " ",
        "GEMINI_API_KEY": "g-1",
        "GOOGLE_API_KEY": "g-2",
    }
    assert list(recognised(variables, PROVIDERS)) == [
        ("OPENAI_API_KEY", "openai", "default", "sk-1"),
        ("OPENAI_API_KEY_2", "openai", "2", "sk-2"),
        ("OPENAI_API_KEY_Team_A", "openai", "team-a", "sk-3"),
        ("GEMINI_API_KEY", "gemini", "default", "g-1"),
        ("GOOGLE_API_KEY", "gemini", "default-2", "g-2"),
    ]
    assert len(list(recognised({"GEMINI_API_KEY": "same", "GOOGLE_API_KEY": "same"}, PROVIDERS))) == 1


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(isinstance(value, str) for value in variables_in(text).values())


@pytest.mark.parametrize("width", [80, 60, 40])
def test_keys_fit_the_terminal(width: int) -> None:
    found = [
        ProviderKey(
            provider="openrouter",
            name="team-search",
            fingerprint="…cdef",
            source=ProviderKey.SOURCE_VAULT,
            state=ProviderKey.STATE_RESTING,
            detail="You exceeded your current quota",
            created_at=Timestamp(seconds=1),
            last_used_at=Timestamp(seconds=86_401),
            attempts=12_345,
            cost_micros=1_250_000,
        ),
        ProviderKey(provider="openai", fingerprint="…0123", source=ProviderKey.SOURCE_CONFIGURATION, attempts=1),
    ]
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(*render.keys(found), sep="\n")
    console.print(*render.checks([KeyCheck(provider="openai", name="a", verdict=KeyCheck.VERDICT_VALID)]), sep="\n")
    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert max(map(len, text.splitlines())) <= width
    assert "resting" in text
    assert "$1.25" in text or "cost" in text
    assert "exceeded" in text
