import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_published.names import read


@pytest.mark.parametrize(
    "names",
    [
        ("claude-opus-4-1-20250805", "claude-4-1-opus-20250805-thinking-32k", "anthropic/claude-opus-4.1"),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5@20251101", "claude-opus-4.5"),
        ("gpt-4o-2024-08-06", "chatgpt-4o-latest", "openai/gpt-4o"),
        ("zai-org/glm-4p7", "GLM-4.7", "zai-glm-4-7"),
        ("meta.llama3-3-70b-instruct-v1:0", "llama3.3:70b", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("accounts/fireworks/models/deepseek-v3p1", "deepseek-ai/DeepSeek-V3.1"),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507", "qwen3:235b", "qwen/qwen3-235b-a22b-2507"),
        ("gemma2:27b-instruct-q8_0", "google/gemma-2-27b-it"),
        ("gemini-2.5-pro-preview-06-05", "gemini-2.5-pro", "google/gemini-2.5-pro-exp-03-25"),
    ],
)
def test_names_of_one_model_read_the_same(names: tuple[str, ...]) -> None:
    assert len({read(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4"),
        ("gpt-5-mini", "gpt-5"),
        ("claude-sonnet-4-5", "claude-opus-4-5"),
        ("claude-3-5-sonnet", "claude-3-7-sonnet"),
        ("llama-3.1-8b", "llama-3.1-70b"),
        ("deepseek-r1", "deepseek-v3"),
        ("mistral-medium-2505", "mistral-small-2501"),
        ("grok-4", "grok-4-fast"),
    ],
)
def test_different_models_read_differently(one: str, other: str) -> None:
    assert read(one) != read(other)


def test_size_and_version_are_read() -> None:
    name = read("Mixtral-8x7B-Instruct-v0.1")
    assert (name.size, name.version) == (56.0, 0.1)
    assert str(read("llama-3.1-8b-instant")) == "llama 3.1 8b"


@given(st.text(max_size=400) | st.from_regex(r"[a-z0-9.\-_/: ]{0,300}", fullmatch=True))
def test_any_name_can_be_read(name: str) -> None:
    read(name)
