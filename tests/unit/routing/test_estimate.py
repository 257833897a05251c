from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, needs_of, prompt_tokens, text_tokens
from ymera_service.sdk.content import Media, MediaKind, Message, Reasoning, Refusal, Role, ToolCall, ToolResult, user
from ymera_service.sdk.generation import Prompt, Sampling, Tool


def test_text_is_a_token_per_four_bytes_rounded_up() -> None:
    assert [text_tokens(text) for text in ("", "a", "four", "fives")] == [0, 1, 1, 2]
    assert text_tokens("日本語を") == 3


@given(st.text())
def test_any_text_can_be_estimated(text: str) -> None:
    assert 0 <= text_tokens(text) <= len(text)


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    assert text_tokens(text + more) >= text_tokens(text)


def test_everything_a_model_reads_is_counted() -> None:
    message = Message(
        Role.ASSISTANT,
        (
            Reasoning("r" * 40),
            Refusal("f" * 40),
            ToolCall("1", "n" * 4, "a" * 36),
            ToolResult("1", (Media(MediaKind.IMAGE, "image/png", b"x"),)),
            Media(MediaKind.FILE, "text/plain", b"t" * 400),
            Media(MediaKind.FILE, "application/pdf", b"t" * 50_000),
            Media(MediaKind.AUDIO, uri="https://a"),
            Media(MediaKind.AUDIO, "audio/mpeg", b"t" * 5_000),
        ),
    )
    tools = (Tool("n" * 4, "d" * 40, "s" * 400),)
    assert prompt_tokens(Prompt((message,))) == 4 + 10 + 10 + 10 + 1_000 + 100 + 2_000 + 2_000 + 10
    assert prompt_tokens(Prompt((), tools)) == 111


def test_the_longest_answer_bounds_the_cost_and_the_usual_one_the_time() -> None:
    needs = needs_of(Prompt((user("hello"),), sampling=Sampling(max_output_tokens=9_000)))
    assert (needs.most.output_tokens, needs.output_tokens) == (9_000, TYPICAL_OUTPUT_TOKENS)
    needs = needs_of(Prompt((user("hello"),), sampling=Sampling(max_output_tokens=10)))
    assert (needs.most.output_tokens, needs.output_tokens) == (10, 10)
    needs = needs_of(Prompt((user("hello"),)))
    assert (needs.most.output_tokens, needs.output_tokens) == (TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS)
