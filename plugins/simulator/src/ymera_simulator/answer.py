"""What a model says to a prompt, before it is cut into tokens and sent."""

import re
from collections import OrderedDict
from dataclasses import dataclass

from ymera_service.sdk.content import Media, Role, Text, ToolCall, ToolResult, last_user_text
from ymera_service.sdk.generation import FinishReason, Prompt, ReasoningEffort, ResponseType
from ymera_simulator import tokens
from ymera_simulator.luck import draw
from ymera_simulator.models import SimulatedModel
from ymera_simulator.solvers import Solved, small_talk, solve
from ymera_simulator.structured import json_answer
from ymera_simulator.tooling import chosen_call

MARK = "[simulated] "
"""Begins every text, so that nobody takes it for a real model's."""

_REMEMBERED = 512
_ANSWER_ONLY = re.compile(r"\b(?:only|just|exactly|nothing else|no (?:explanation|other)|single)\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: either text or a tool call, and what was thought before."""

    text: str = ""
    reasoning: str = ""
    tool_call: ToolCall | None = None
    finish_reason: FinishReason = FinishReason.STOP
    stop_sequence: str = ""

    @property
    def output_tokens(self) -> int:
        """Tokens of everything that was written."""
        call = tokens.count(self.tool_call.arguments + self.tool_call.name) if self.tool_call else 0
        return tokens.count(self.reasoning) + tokens.count(self.text) + call


class Respondent:
    """Finds answers. What was solved last is remembered, so that load tests measure the server."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._solved: OrderedDict[str, Solved | None] = OrderedDict()

    def answer(self, model: SimulatedModel, prompt: Prompt) -> Answer:
        """Returns what the model says, the same each time it is asked the same."""
        question = last_user_text(prompt.messages)
        if call := chosen_call(prompt, question):
            return Answer(tool_call=call, finish_reason=FinishReason.TOOL_CALLS)
        solved = self._solve(question)
        said = self._said(model, question, solved)
        if prompt.response_format.type is not ResponseType.TEXT:
            text = json_answer(prompt.response_format, question, said if solved else None)
        else:
            text = MARK + (_tool_results(prompt) or _media(prompt) + self._worded(model, question, said, solved))
        reasoning = _thoughts(solved) if model.reasons and _may_think(prompt) else ""
        return _limited(Answer(text, reasoning), model, prompt)

    def _solve(self, question: str) -> Solved | None:
        if question in self._solved:
            self._solved.move_to_end(question)
            return self._solved[question]
        if len(self._solved) >= _REMEMBERED:
            self._solved.popitem(last=False)
        solved = self._solved[question] = solve(question)
        return solved

    def _said(self, model: SimulatedModel, question: str, solved: Solved | None) -> str:
        if solved is None:
            return ""
        right = draw("answer", self._seed, model.name, question) < model.skill_in(solved.category)
        return solved.solution.answer if right else solved.solution.slip

    def _worded(self, model: SimulatedModel, question: str, said: str, solved: Solved | None) -> str:
        if solved is None:
            return small_talk(model.name, question)
        steps = solved.solution.steps
        right = said == solved.solution.answer
        if not steps or not right or _ANSWER_ONLY.search(question.lower()):
            return said
        return f"{steps}\n\nAnswer: {said}"


def _thoughts(solved: Solved | None) -> str:
    if solved is None:
        return "No solver of the simulator fits this, so it says what it can do."
    return f"This is a task for the solver '{solved.solver}'. {solved.solution.steps}".rstrip()


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


def _limited(answer: Answer, model: SimulatedModel, prompt: Prompt) -> Answer:
    text, stop_sequence = _stopped(answer.text, prompt.sampling.stop_sequences)
    limit = min(prompt.sampling.max_output_tokens or model.max_output_tokens, model.max_output_tokens)
    reasoning = answer.reasoning[: limit * tokens.CHARACTERS]
    left = limit - tokens.count(reasoning)
    if tokens.count(text) <= left and reasoning == answer.reasoning:
        return Answer(text, reasoning, stop_sequence=stop_sequence)
    return Answer(text[: left * tokens.CHARACTERS], reasoning, finish_reason=FinishReason.LENGTH)


def _stopped(text: str, sequences: tuple[str, ...]) -> tuple[str, str]:
    found = [(text.index(sequence), sequence) for sequence in sequences if sequence and sequence in text]
    if not found:
        return text, ""
    at, sequence = min(found)
    return text[:at], sequence
