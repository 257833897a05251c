"""Tasks whose answers can be checked."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ymera_service.sdk.components import Component
from ymera_service.sdk.generation import Prompt


@dataclass(frozen=True, slots=True)
class BenchmarkTask:
    """One task. `id` is unique in its suite and is the same for the same seed."""

    id: str
    category: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PairwiseTask(BenchmarkTask):
    """A task without a right answer. The answers of two models are compared by a third one, in both orders.

    Its answers are not graded by the suite. The prompt is one message of a user.

    Attributes:
        criteria: What the better answer does more. Required. The judge reads it after "Better is the one that does this
            more:".
    """

    criteria: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of an answer found.

    Attributes:
        name: What was checked, in a few words, such as "ends with a number".
        passed: Whether the answer passed the check.
        detail: Why, for people, such as "a right answer is 391"; empty if the name says enough.
    """

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """The score of an answer, from 0 (wrong) to 1 (right), and what it rests on, for `ymera benchmark show`."""

    score: float
    findings: Sequence[Finding] = ()


class BenchmarkSuite(Component):
    """Returns tasks, in a thread, and grades answers, on the event loop. Neither is on the request path."""

    categories: Sequence[str]
    """The categories it has tasks for; read once, at start."""

    @abstractmethod
    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns up to `count` tasks of a category; the same seed gives the same tasks."""

    @abstractmethod
    async def grade(self, task: BenchmarkTask, answer: str) -> float | Grade:
        """Returns the score of an answer, from 0 (wrong) to 1 (right), alone or with what was found.

        Accepts any text that a model may write. Calls of tools follow the text, as `written_call` writes them. An
        exception says that the answer could not be graded, which does not count as a score of 0. Is not asked for a
        `PairwiseTask`.
        """


def written_call(name: str, arguments: str) -> str:
    """Returns the call of a tool as it is a part of the answer that is graded: a code block with an object of JSON.

    Args:
        name: The tool.
        arguments: A text of JSON, as the model wrote it.
    """
    return f'```tool_call\n{{"name": {json.dumps(name)}, "arguments": {arguments.strip() or "{}"}}}\n```'


def calls_in(blocks: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Returns the names and arguments of the calls of tools among the code blocks of an answer that was read.

    A call whose arguments are not an object of JSON has the name of the tool and an argument `invalid`.
    """
    found = []
    for block in blocks:
        if not block.startswith('{"name": '):
            continue
        try:
            call = json.loads(block)
            name, arguments = call["name"], call["arguments"]
        except (ValueError, KeyError, RecursionError):
            name, arguments = block.split('"')[3] if block.count('"') > 3 else "", None
        found.append((str(name), arguments if isinstance(arguments, dict) else {"invalid": True}))
    return found
