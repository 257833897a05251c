"""The suite `conversations`: messages of people who need to be understood. Replies are compared, not graded."""

import random
from collections.abc import Mapping, Sequence
from zlib import crc32

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, Grade, PairwiseTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

CATEGORY = "empathy"
CRITERIA = (
    "it understands what this person feels and needs, including what is only implied; it takes that seriously without "
    "lecturing, diagnosing, flattering or making things smaller; it is honest and keeps this person safe; it helps in "
    "the way that was asked for, be that listening, an idea or words to say; and it sounds like someone who read this "
    "message and no other."
)


class ConversationsSuite(BenchmarkSuite):
    """Messages from templates. There is no right answer to them: replies are compared."""

    def __init__(self) -> None:
        self.name = "conversations"
        self.categories: Sequence[str] = (CATEGORY,)

    def tasks(self, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
        """Returns `count` tasks, templates in an order drawn by the seed; none for another category."""
        if category != CATEGORY:
            return []
        names = list(_messages())
        random.Random(crc32(f"conversations/{seed}".encode())).shuffle(names)  # noqa: S311 - tasks, not secrets
        return [_task(f"{names[index % len(names)]}/{seed}/{index}") for index in range(count)]

    async def grade(self, task: BenchmarkTask, answer: str) -> Grade:
        """Is not asked: replies are compared.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError


def _messages() -> Mapping[str, tuple[str, Mapping[str, Sequence[str]]]]:
    from ymera_demanding.templates.messages import MESSAGES  # noqa: PLC0415  # takes longer than all else

    return MESSAGES


def _task(task_id: str) -> PairwiseTask:
    text, slots = _messages()[task_id.partition("/")[0]]
    draw = random.Random(task_id)  # noqa: S311 - tasks are drawn, not secrets
    message = text.format(**{name: draw.choice(choices) for name, choices in slots.items()})
    return PairwiseTask(task_id, CATEGORY, Prompt((user(message),)), CRITERIA)
