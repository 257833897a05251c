"""Which task is next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.benchmark.plan import Job
from ymera_service.benchmark.schedule import Schedule
from ymera_service.catalog import Model
from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import ModelInfo


class NoSuite:
    """A suite that is never asked."""

    name = "none"
    categories = ("any",)

    def tasks(self, category: str, count: int, seed: int) -> list[BenchmarkTask]:
        raise NotImplementedError

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        raise NotImplementedError


@given(st.integers(0, 5), st.integers(0, 8), st.integers(1, 9), st.data())
def test_every_task_runs_once_within_the_places_and_shared_fairly(
    models: int, tasks: int, places: int, data: st.DataObject
) -> None:
    suite, prompt = NoSuite(), Prompt((user("?"),))
    schedule = Schedule(
        [Model(f"p/{number}", "p", ModelInfo(str(number)), None) for number in range(models)],
        [(suite, BenchmarkTask(str(number), "any", prompt)) for number in range(tasks)],
        places,
    )
    seen: Counter[tuple[str, str]] = Counter()
    running: list[Job] = []
    while True:
        while (job := schedule.start()) is not None:
            running.append(job)
            seen[job.model.id, job.task.id] += 1
            shares = Counter(one.model.id for one in running)
            waiting = {f"p/{number}" for number in range(models)} - {
                model for model in shares if sum(key[0] == model for key in seen) == tasks
            }
            assert all(shares[job.model.id] <= shares[other] + 1 for other in waiting)
        assert len(running) <= places
        if not running:
            break
        done = running.pop(data.draw(st.integers(0, len(running) - 1)))
        schedule.finish(done)
    assert set(seen.values()) <= {1}
    assert len(seen) == models * tasks
