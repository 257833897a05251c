"""What the echo says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_echo import EchoSettings, ymera_register_providers
from ymera_echo.provider import EchoProvider

from ymera_service.sdk.content import Message, Role, Text, user
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Sampling, Usage
from ymera_service.sdk.testing.answers import Answer, events_of


async def ask(*messages: Message, sampling: Sampling | None = None) -> Answer:
    prompt = Prompt(messages, sampling=sampling or Sampling())
    return Answer.of(await events_of(EchoProvider(), GenerateRequest("words", prompt)))


@given(text=st.text())
async def test_it_returns_exactly_the_message(text: str) -> None:
    assert (await ask(user(text))).text == text


async def test_it_answers_the_latest_user_message_and_counts_all_words() -> None:
    answer = await ask(user("one two"), Message(Role.ASSISTANT, (Text("one two"),)), user("three four five"))
    assert (answer.text, answer.usage) == ("three four five", Usage(input_tokens=7, output_tokens=3))


async def test_it_stops_at_the_token_limit() -> None:
    answer = await ask(user("one two three"), sampling=Sampling(max_output_tokens=2))
    assert (answer.text, answer.finish_reason) == ("one two ", FinishReason.LENGTH)


def test_it_is_offered_only_where_it_was_asked_for() -> None:
    assert not list(ymera_register_providers(EchoSettings()))
    assert [provider.name for provider in ymera_register_providers(EchoSettings(pause_seconds=0))] == ["echo"]


def test_its_pause_is_checked() -> None:
    with pytest.raises(ValueError, match="pause_seconds"):
        EchoSettings(pause_seconds=-1)
