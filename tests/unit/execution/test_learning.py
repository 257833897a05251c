"""What is learnt of a finished execution: with which target its session goes on, and what its turn meant."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest, Turn
from ymera_service.execution.observers import MAX_LATE, Learning
from ymera_service.routing.decision import Preferences
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.prompts.vectors import packed
from ymera_service.routing.sessions import topics
from ymera_service.routing.sessions.affinity import Answer
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import FinishReason, Prompt
from ymera_service.sdk.targets import Target

NOW = datetime(2026, 11, 30, tzinfo=UTC)
WAIT = 10.0
PROMPT = Prompt((user("How do volcanoes form?"),))
VECTOR = (0.5, 1.0)


class Encoder(Classifier):
    """Gives a vector as soon as it is let."""

    name, off_loop = "encoder", True

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def read(self, prompt: Prompt) -> Reading:
        assert self.go_on.wait(WAIT)
        return Reading(vector=VECTOR)


class Lab:
    """Learning with an encoder that is waited for this long, and the answers that it has remembered."""

    def __init__(self, encoder: Encoder, seconds: float) -> None:
        classifiers = {"encoder": encoder}
        self.readers = Readers(lambda: classifiers, seconds=seconds)
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.learning = Learning(Evidence(), self.readers, self.answers.put_nowait, lambda: NOW)

    @classmethod
    async def with_late(cls, encoder: Encoder, seconds: float) -> "Lab":
        """Returns one whose encoder has given a vector, and now has to be let."""
        lab = cls(encoder, seconds)
        encoder.go_on.set()
        assert (await lab.readers.read(PROMPT)).vector == VECTOR
        encoder.go_on.clear()
        return lab

    async def answered(self, vector: tuple[float, ...] = (), session_id: str = "s") -> None:
        said = topics.Turn.of("How do volcanoes form?", {}, vector, "encoder/1") if session_id else None
        request = ExecutionRequest("1", PROMPT, Preferences(session_id=session_id), deadline=9.0)
        attempt = Attempt(1, Target("p", "p/a"), 0.0, 1.0, finish_reason=FinishReason.STOP)
        turns = (Turn(1, (attempt,)),)
        self.learning.observe(Execution(request, False, NOW, 0.0, turns=turns, said=said))

    async def remembered(self) -> Answer:
        async with asyncio.timeout(WAIT):
            return await self.answers.get()


@pytest.fixture
def encoder() -> Iterator[Encoder]:
    made = Encoder()
    yield made
    made.go_on.set()  # its thread ends


async def test_what_a_classifier_made_too_late_of_a_prompt_serves_the_next_turn(encoder: Encoder) -> None:
    lab = await Lab.with_late(encoder, WAIT)
    await lab.answered()
    assert lab.answers.empty()
    encoder.go_on.set()
    answer = await lab.remembered()
    assert (answer.target_id, answer.created_at, answer.session != "") == ("p/a", NOW, True)
    assert answer.turn is not None
    assert (answer.turn.vector, answer.turn.vector_of) == (packed(VECTOR), "encoder/1")


async def test_an_answer_is_remembered_without_what_is_still_not_known(encoder: Encoder) -> None:
    lab = await Lab.with_late(encoder, 2.0)
    await lab.answered()
    answer = await lab.remembered()
    assert answer.turn is not None
    assert answer.turn.vector == ""


async def test_few_answers_wait_for_a_classifier_that_is_late(encoder: Encoder) -> None:
    lab = await Lab.with_late(encoder, WAIT)
    for _ in range(MAX_LATE):
        await lab.answered()
    assert lab.answers.empty()
    await lab.answered()
    assert (await lab.remembered()).target_id == "p/a"


@pytest.mark.parametrize(("vector", "session_id"), [(VECTOR, "s"), ((), "")])
async def test_what_lacks_nothing_is_remembered_at_once(
    encoder: Encoder, vector: tuple[float, ...], session_id: str
) -> None:
    lab = await Lab.with_late(encoder, WAIT)
    await lab.answered(vector, session_id)
    assert lab.answers.get_nowait().target_id == "p/a"


async def test_a_classifier_that_has_given_no_vector_is_not_waited_for(encoder: Encoder) -> None:
    lab = Lab(encoder, WAIT)
    await lab.answered()
    assert lab.answers.get_nowait().target_id == "p/a"
