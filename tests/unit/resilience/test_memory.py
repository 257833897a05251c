"""The bytes of requests are bounded in sum, and given back when their tasks end."""

import asyncio

import pytest

from ymera_service.resilience import memory
from ymera_service.resilience.memory import SMALL_BYTES, ByteBudget, default_limit

SIZE = 2 * SMALL_BYTES


async def held_by_task(budget: ByteBudget, size: int, until: asyncio.Event) -> None:
    assert budget.hold(size)
    await until.wait()


async def test_what_is_above_the_limit_is_refused_until_a_task_ends() -> None:
    budget, end = ByteBudget(2 * SIZE), asyncio.Event()
    tasks = [asyncio.create_task(held_by_task(budget, SIZE, end)) for _ in range(2)]
    await asyncio.sleep(0)
    assert not budget.hold(SIZE)
    tasks[0].cancel()
    await asyncio.wait({tasks[0]})
    assert budget.held == SIZE
    end.set()
    await asyncio.wait({tasks[1]})
    assert budget.held == 0


async def test_small_requests_are_always_let_in() -> None:
    assert ByteBudget(0).hold(SMALL_BYTES - 1)


@pytest.mark.parametrize(("memory_bytes", "limit"), [(0, 200), (32 * 500, 500), (10**9, 800)])
def test_the_default_depends_on_the_memory_and_the_largest_message(
    monkeypatch: pytest.MonkeyPatch, memory_bytes: int, limit: int
) -> None:
    monkeypatch.setattr(memory, "_memory", lambda: memory_bytes)
    assert default_limit(100) == limit


def test_the_memory_of_this_machine_is_known() -> None:
    assert default_limit(1) == 8
