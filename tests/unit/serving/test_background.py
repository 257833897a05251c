"""Background tasks that end are restarted, and their state is reported."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from ymera_service.serving.background import FIRST_PAUSE, LONGEST_PAUSE, Background, BackgroundReport

WAIT = 10


class Time:
    """A clock that advances only by sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Work:
    """Fails as its script defines, then works until cancelled."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)
        self.begun = 0
        self.steady = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> None:
        self.begun += 1
        if self.ends:
            end = self.ends.pop(0)
            if end is not None:
                raise end
            return
        self.steady.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def background(time: Time) -> Background:
    return Background(
        redact=lambda text: text.replace("s3cret", "***"), sleep=time.sleep, clock=time.clock, draw=random.Random(1)
    )


async def steady(work: Work) -> None:
    await asyncio.wait_for(work.steady.wait(), WAIT)


@pytest.mark.parametrize("end", [OSError("no s3cret disk"), None, SystemExit(3), asyncio.CancelledError()])
async def test_work_that_ends_is_logged_and_started_again(background: Background, end: BaseException | None) -> None:
    work = Work(end)
    with capture_logs() as lines:
        async with background.running("pruning", work):
            await steady(work)
            [report] = background.report()
    assert (work.begun, work.cancelled) == (2, True)
    assert (report.name, report.restarts) == ("pruning", 1)
    assert report.error
    assert "s3cret" not in report.error
    assert [(line["event"], line["work"], line["log_level"]) for line in lines] == [
        ("background work failed", "pruning", "error")
    ]


async def test_pauses_double_with_each_failure_up_to_a_bound(background: Background, time: Time) -> None:
    work = Work(*[OSError("no")] * 9)
    async with background.running("pruning", work):
        await steady(work)
    bounds = [min(LONGEST_PAUSE, FIRST_PAUSE * 2**n) for n in range(9)]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(time.slept, bounds, strict=True))
    assert len({pause / bound for pause, bound in zip(time.slept, bounds, strict=True)}) == 9


async def test_work_that_ran_for_long_begins_with_the_shortest_pause_again(background: Background, time: Time) -> None:
    async def fail_late() -> None:
        time.now += LONGEST_PAUSE + 1
        raise OSError("late")

    calls: list[Callable[[], Awaitable[None]]] = [Work(OSError("no")), Work(OSError("no")), fail_late, (last := Work())]

    async def work() -> None:
        await calls.pop(0)()

    async with background.running("pruning", work):
        await steady(last)
    assert time.slept[1] > FIRST_PAUSE >= time.slept[2]


async def test_work_is_ok_once_it_has_run_for_long_since_it_failed(background: Background, time: Time) -> None:
    work = Work(OSError("no"))
    async with background.running("pruning", work):
        await steady(work)
        time.now += LONGEST_PAUSE
        assert background.report() == [BackgroundReport("pruning", 1, "OSError: no")]
        time.now += 1
        assert background.report() == [BackgroundReport("pruning", 1, "")]


async def test_a_periodic_task_that_fails_is_not_ok_before_it_succeeds(background: Background, time: Time) -> None:
    outcomes: list[BaseException] = [OSError("no")]
    waiting = asyncio.Event()

    async def refresh() -> None:
        if outcomes:
            raise outcomes.pop()
        waiting.set()
        await asyncio.Event().wait()

    async with background.every(300, "catalog refresh", refresh):
        await asyncio.wait_for(waiting.wait(), WAIT)
        time.now += 2 * LONGEST_PAUSE
        assert background.report() == [BackgroundReport("catalog refresh", 1, "OSError: no")]


async def test_a_periodic_task_is_ok_after_its_next_success(background: Background, time: Time) -> None:
    outcomes: list[Exception | None] = [None, OSError("no"), None]
    reports: list[BackgroundReport] = []
    done = asyncio.Event()

    async def refresh() -> None:
        reports.extend(background.report())
        if not outcomes:
            done.set()
            await asyncio.Event().wait()
        elif error := outcomes.pop(0):
            raise error

    async with background.every(300, "catalog refresh", refresh):
        await asyncio.wait_for(done.wait(), WAIT)
    assert [(report.restarts, report.error) for report in reports] == [
        (0, ""),
        (0, ""),
        (1, "OSError: no"),
        (1, ""),
    ]
    pause = time.slept.pop(2)
    assert FIRST_PAUSE / 2 <= pause <= FIRST_PAUSE
    assert time.slept == [300, 300, 300, 300]


async def test_work_that_hides_its_cancellation_does_not_hold_up_the_end(background: Background) -> None:
    entered = asyncio.Event()

    async def hide() -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("not a cancellation") from None

    async with asyncio.timeout(WAIT), background.running("observers", hide):
        await entered.wait()


async def test_work_that_takes_long_says_how_far_it_is(time: Time) -> None:
    background, said = Background(sleep=time.sleep, clock=time.clock), ["", "half"]
    async with background.running("sums", Work(), progress=lambda: said.pop(0)):
        assert [background.report()[0].progress for _ in range(2)] == ["", "half"]
