"""Computes the answer of a model to a prompt, before it is split into tokens and sent."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from ymera_service.sdk.content import Media, Role, Text, ToolCall, ToolResult, last_user_text
from ymera_service.sdk.errors import ContextTooLong, InvalidProviderRequest, ProviderTimeout
from ymera_service.sdk.generation import FinishReason, Prompt, ReasoningEffort, ResponseFormat, ResponseType
from ymera_simulator import tokens
from ymera_simulator.facts import Facts
from ymera_simulator.luck import draw
from ymera_simulator.models import SimulatedModel
from ymera_simulator.schemas import SchemaRefused, sample
from ymera_simulator.solvers import Solved, solve
from ymera_simulator.talk import small_talk
from ymera_simulator.tooling import chosen_call

MARK = "[simulated] "
"""The prefix of every text, which marks it as not written by a real model."""
TIME_LIMIT = 2.0
"""The maximum time to compute an answer, in seconds."""

_REMEMBERED = 512
_LONGEST_REMEMBERED = 2_000
"""The maximum tokens of a prompt whose answer is cached, so that the cache stays within a few megabytes."""


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """A whole answer: either text or a tool call, and the reasoning."""

    input_tokens: int
    text: str = ""
    reasoning: str = ""
    tool_call: ToolCall | None = None
    finish_reason: FinishReason = FinishReason.STOP
    stop_sequence: str = ""

    @property
    def output_tokens(self) -> int:
        """Tokens of text, reasoning and tool call."""
        call = tokens.count(self.tool_call.arguments + self.tool_call.name) if self.tool_call else 0
        return tokens.count(self.reasoning) + tokens.count(self.text) + call


class Respondent:
    """Computes answers off the event loop. The latest are cached, so that a load test measures the server."""

    def __init__(self, seed: int, scripts: Mapping[str, str], time_limit: float = TIME_LIMIT) -> None:
        self._seed = seed
        self._scripts = {words.lower(): answer for words, answer in scripts.items()}
        self._time_limit = time_limit
        self._known: OrderedDict[tuple[str, Prompt], SimulatedAnswer] = OrderedDict()

    async def answer(self, model: SimulatedModel, prompt: Prompt) -> SimulatedAnswer:
        """Returns the model's answer; the same prompt always gets the same one.

        Raises:
            ContextTooLong: The prompt does not fit into the model's context.
            InvalidProviderRequest: A schema of the prompt is not supported; the message says why.
            ProviderTimeout: Computing took longer than the time limit.
        """
        key = (model.name, prompt)
        if known := self._known.get(key):
            return known
        input_tokens = _checked_input(model, prompt)
        try:
            async with asyncio.timeout(self._time_limit):
                answer = await asyncio.to_thread(self._found, model, prompt, input_tokens)
        except SchemaRefused as error:
            raise InvalidProviderRequest(f"the simulator can't fill a schema: {error}", status=400) from None
        except TimeoutError:
            raise ProviderTimeout(f"the simulator computes for at most {self._time_limit:g} s") from None
        self._remember(key, answer)
        return answer

    def _remember(self, key: tuple[str, Prompt], answer: SimulatedAnswer) -> None:
        if answer.input_tokens > _LONGEST_REMEMBERED or _media(key[1]):
            return
        if len(self._known) >= _REMEMBERED:
            self._known.popitem(last=False)
        self._known[key] = answer

    def _found(self, model: SimulatedModel, prompt: Prompt, input_tokens: int) -> SimulatedAnswer:
        question = last_user_text(prompt.messages)
        scripted = self._scripted(question)
        if scripted is None and (call := chosen_call(prompt, question)):
            return SimulatedAnswer(input_tokens, tool_call=call, finish_reason=FinishReason.TOOL_CALLS)
        solved = None if scripted is not None else solve(question)
        content = scripted if scripted is not None else self._content(model, question, solved)
        if prompt.response_format.type is not ResponseType.TEXT:
            text = _as_json(prompt.response_format, question, content)
        else:
            words = small_talk(model.name, question) if content is None else content
            text = MARK + (_tool_results(prompt) or _media(prompt) + words)
        reasoning = _thoughts(solved) if model.reasons and _may_think(prompt) else ""
        return _limited(SimulatedAnswer(input_tokens, text, reasoning), model, prompt)

    def _scripted(self, question: str) -> str | None:
        low = question.lower() if self._scripts else ""
        return next((answer for words, answer in self._scripts.items() if words in low), None)

    def _content(self, model: SimulatedModel, question: str, solved: Solved | None) -> str | None:
        if solved is None:
            return None
        right = draw("answer", self._seed, model.name, question) < model.skill_in(solved.category)
        return solved.solution.answer if right else solved.solution.slip


def _as_json(form: ResponseFormat, question: str, content: str | None) -> str:
    if form.type is ResponseType.JSON_OBJECT:
        answer: object = (
            {"answer": content, "simulated": True} if content else {"question": question, "simulated": True}
        )
    else:
        answer = sample(form.schema, Facts(question, content))
    return json.dumps(answer, ensure_ascii=False)


def _checked_input(model: SimulatedModel, prompt: Prompt) -> int:
    input_tokens = tokens.of_prompt(prompt)
    if input_tokens > model.context_window:
        fits = f"{model.name} accepts {model.context_window}"
        raise ContextTooLong(f"the prompt has {input_tokens} tokens; {fits}", status=400, param="messages")
    return input_tokens


def _thoughts(solved: Solved | None) -> str:
    if solved is None:
        return "No solver of the simulator fits this, so it says what it can do."
    return f"This is a task for the solver '{solved.solver}'."


def _may_think(prompt: Prompt) -> bool:
    return prompt.sampling.reasoning_effort is not ReasoningEffort.NONE


def _tool_results(prompt: Prompt) -> str:
    last = prompt.messages[-1]
    if last.role is not Role.TOOL:
        return ""
    results = [part for part in last.parts if isinstance(part, ToolResult)]
    texts = ["".join(part.text for part in result.parts if isinstance(part, Text)) for result in results]
    failed = any(result.is_error for result in results)
    return f"The tool {'failed' if failed else 'answered'}: {'; '.join(texts)}"


def _media(prompt: Prompt) -> str:
    media = [part for message in prompt.messages for part in message.parts if isinstance(part, Media)]
    return f"Received {', '.join(map(_described, media))}. " if media else ""


def _described(media: Media) -> str:
    facts = [media.mime_type, media.filename, f"{len(media.data)} bytes" if media.data else media.uri[:80]]
    return f"one {media.kind.value} ({', '.join(fact for fact in facts if fact)})"


def _limited(answer: SimulatedAnswer, model: SimulatedModel, prompt: Prompt) -> SimulatedAnswer:
    text, stop_sequence = _stopped(answer.text, prompt.sampling.stop_sequences)
    limit = min(prompt.sampling.max_output_tokens or model.max_output_tokens, model.max_output_tokens)
    reasoning = answer.reasoning[: limit * tokens.CHARACTERS]
    left = limit - tokens.count(reasoning)
    if tokens.count(text) <= left and reasoning == answer.reasoning:
        return SimulatedAnswer(answer.input_tokens, text, reasoning, stop_sequence=stop_sequence)
    text = text[: left * tokens.CHARACTERS]
    return SimulatedAnswer(answer.input_tokens, text, reasoning, finish_reason=FinishReason.LENGTH)


def _stopped(text: str, sequences: tuple[str, ...]) -> tuple[str, str]:
    found = [(text.index(sequence), sequence) for sequence in sequences if sequence and sequence in text]
    if not found:
        return text, ""
    at, sequence = min(found)
    return text[:at], sequence
