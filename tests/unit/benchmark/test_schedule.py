"""The order of tasks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.benchmark.plan import Job
from ymera_service.benchmark.schedule import WholeSchedule
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Model, ModelInfo


class NoSuite(BenchmarkSuite):
    """A suite that is never called."""

    name = "none"
    categories = ("any",)

    def tasks(self, category: str, count: int, seed: int) -> list[BenchmarkTask]:
        raise NotImplementedError

    async def grade(self, task: BenchmarkTask, answer: str) -> float:
        raise NotImplementedError


@given(st.integers(0, 5), st.integers(0, 8), st.integers(1, 9), st.data())
def test_every_task_runs_once_within_the_slots_and_shared_fairly(
    models: int, tasks: int, slots: int, data: st.DataObject
) -> None:
    suite, prompt, ids = NoSuite(), Prompt((user("?"),)), [f"p/{number}" for number in range(models)]
    schedule = WholeSchedule(
        [Model(model, "p", ModelInfo(model[2:]), None) for model in ids],
        {model: [(suite, BenchmarkTask(str(number), "any", prompt)) for number in range(tasks)] for model in ids},
        slots,
    )
    seen: Counter[tuple[str, str]] = Counter()
    running: list[Job] = []
    while True:
        while (job := schedule.start(0.0)) is not None:
            running.append(job)
            seen[job.model.id, job.task.id] += 1
            shares = Counter(one.model.id for one in running)
            started = Counter(model for model, _ in seen)
            waiting = [model for model in ids if started[model] < tasks]
            assert all(shares[job.model.id] <= shares[other] + 1 for other in waiting)
        assert len(running) <= slots
        if not running:
            break
        done = running.pop(data.draw(st.integers(0, len(running) - 1)))
        schedule.finish(done)
    assert set(seen.values()) <= {1}
    assert len(seen) == models * tasks
