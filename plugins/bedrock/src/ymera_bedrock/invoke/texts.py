"""Formats of models that continue a text: OpenAI's completions, and Claude's before version 3."""

from collections.abc import Iterator

from ymera_bedrock.invoke.events import Event, answer_of, metrics, stopped, text_of, usage_of
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.json_reader import Json, as_object, member, members, required, text, words

_NAMES = ("prompt_tokens", "completion_tokens", "total_tokens")
_OF_OPENAI = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop"}
_OF_CLAUDE = {"temperature": "temperature", "topP": "top_p", "stopSequences": "stop_sequences"}


def completion(body: Json, limit: int) -> Json:
    """See `Format.request`. A single message is the prompt; several are written as a transcript."""
    turns, system = _turns(body), text_of(body.get("system", []))
    lines = [f"{'Assistant' if role == 'assistant' else 'User'}: {said}" for role, said in turns]
    alone = len(turns) == 1 and not system
    prompt = turns[0][1] if alone else "\n\n".join((*filter(None, [system]), *lines, "Assistant:"))
    return {"prompt": prompt, **_sampling(body, _OF_OPENAI)}


def claude_prompt(body: Json, limit: int) -> Json:
    """See `Format.request`. The API requires a prompt to begin with its own words for the speakers."""
    lines = [f"\n\n{'Assistant' if role == 'assistant' else 'Human'}: {said}" for role, said in _turns(body)]
    bound = member(body, "inferenceConfig").get("maxTokens", limit)
    prompt = f"{text_of(body.get('system', []))}{''.join(lines)}\n\nAssistant:"
    return {"prompt": prompt, "max_tokens_to_sample": bound, **_sampling(body, _OF_CLAUDE)}


def _turns(body: Json) -> list[tuple[str, str]]:
    blocks = [block for turn in body["messages"] for block in turn["content"]]
    if "toolConfig" in body or "outputConfig" in body or any(block.keys() - {"text", "cachePoint"} for block in blocks):
        raise InvalidProviderRequest("the model only continues a text: it takes neither tools, media nor schemas")
    return [(turn["role"], text_of(turn["content"])) for turn in body["messages"]]


def _sampling(body: Json, names: dict[str, str]) -> Json:
    config = member(body, "inferenceConfig")
    sampled = {theirs: config[ours] for ours, theirs in names.items() if ours in config}
    return {**sampled, **member(body, "additionalModelRequestFields")}


def completed(document: Json) -> Json:
    """See `Format.answer`."""
    choice = as_object(next(iter(required(document, "choices", list)), None))
    counts = usage_of(member(document, "usage"), "", "", _NAMES)
    return answer_of([{"text": required(choice, "text", str, "choices")}], text(choice, "finish_reason"), counts)


def claude_completed(document: Json) -> Json:
    """See `Format.answer`. The counts are in the headers."""
    said = required(document, "completion", str)
    return answer_of([{"text": said}], text(document, "stop_reason"), {}, document.get("stop"))


class CompletionEvents:
    """Turns the chunks of one stream into Converse's events."""

    def __call__(self, document: Json) -> Iterator[Event]:
        for choice in members(document, "choices")[:1]:
            yield from _said(words(choice, "text"))
            if reason := text(choice, "finish_reason"):
                yield "messageStop", stopped(reason)
        if usage := usage_of(member(document, "usage"), "", "", _NAMES) or metrics(document):
            yield "metadata", {"usage": usage}


class ClaudeEvents:
    """Turns the chunks of one stream into Converse's events."""

    def __call__(self, document: Json) -> Iterator[Event]:
        yield from _said(words(document, "completion"))
        if reason := text(document, "stop_reason"):
            yield "messageStop", stopped(reason, document.get("stop"))
        if usage := metrics(document):
            yield "metadata", {"usage": usage}


def _said(text: str) -> Iterator[Event]:
    if text:
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}
