"""Conversations that are continued."""

from pathlib import Path

import pytest

from ymera_service.cli import requests
from ymera_service.cli.conversations import Conversation
from ymera_service.cli.problems import CommandFailed


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def texts(conversation: Conversation, *, system: str = "") -> list[str]:
    prompt = requests.prompt("now?", system=system)
    requests.sample(prompt, temperature=0.5, max_tokens=None)
    continued = conversation.continued(prompt)
    assert continued.sampling == prompt.sampling
    return [message.parts[0].text for message in continued.messages]


def test_the_messages_so_far_go_between_the_system_and_the_new_one() -> None:
    conversation = Conversation("garden")
    assert texts(conversation) == ["now?"]
    conversation.add(requests.prompt("earlier?", system="Old rules."), "yes")
    for same in (conversation, Conversation("garden")):
        assert texts(same, system="New rules.") == ["New rules.", "earlier?", "yes", "now?"]
    assert texts(Conversation("house")) == ["now?"]


def test_without_a_name_nothing_is_written(state: Path) -> None:
    conversation = Conversation()
    conversation.add(requests.prompt("earlier?"), "yes")
    assert texts(conversation) == ["earlier?", "yes", "now?"]
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "-x", "x" * 65])
def test_a_name_is_not_a_path(name: str) -> None:
    with pytest.raises(CommandFailed, match="not a valid session"):
        Conversation(name)


def test_a_damaged_file_is_named(state: Path) -> None:
    file = state / "ymera" / "sessions" / "garden.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    with pytest.raises(CommandFailed, match="can't be read") as raised:
        Conversation("garden")
    assert str(file) in raised.value.problem.notes[0]
