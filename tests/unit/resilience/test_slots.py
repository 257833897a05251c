"""Slots are shared among targets and callers, handed over in turn, and never lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.slots import CALLER_FACTOR, TARGET_FACTOR, Slot, Slots
from ymera_service.sdk.errors import Overloaded, ShuttingDown
from ymera_service.sdk.targets import Deployment, Target

WAIT = 5
A, B, C, D = (Target("acme", f"acme/{name}") for name in "abcd")


async def settled() -> None:
    """Lets every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def filled(slots: Slots, target: Target, caller: str = "") -> list[Slot]:
    """Takes slots for a target until the next request would wait."""
    taken: list[Slot] = []
    while True:
        task = asyncio.create_task(slots.acquire([target], caller))
        await settled()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            return taken
        taken.append(task.result())


async def queued(slots: Slots, *targets: Target, caller: str = "") -> "asyncio.Task[Slot]":
    """A request that waits for a slot."""
    task = asyncio.create_task(slots.acquire(targets, caller))
    await settled()
    assert not task.done()
    return task


async def got(task: "asyncio.Task[Slot]") -> Slot:
    return await asyncio.wait_for(task, WAIT)


async def test_requests_beyond_the_limit_wait_in_order() -> None:
    slots = Slots(1, 10)
    order: list[int] = []

    async def work(number: int) -> None:
        slot = await slots.acquire([A])
        order.append(number)
        await asyncio.sleep(0)
        slot.release()

    await asyncio.wait_for(asyncio.gather(*(work(number) for number in range(5))), WAIT)
    assert order == [0, 1, 2, 3, 4]
    assert (slots.in_flight, slots.queued) == (0, 0)


async def test_a_target_leaves_a_third_of_the_slots_free_for_others() -> None:
    slots = Slots(60, 100)
    assert len(await filled(slots, A, "one")) == 40
    assert len(await filled(slots, B, "two")) == 14
    assert len(await filled(slots, C, "three")) == 4
    await slots.acquire([D])


async def test_the_accounts_of_a_hung_model_share_what_one_target_may_hold() -> None:
    slots = Slots(30, 10)
    accounts = [Target("acme", "acme/a", Deployment(f"key-{number}")) for number in range(50)]
    for account in accounts[:20]:
        await got(asyncio.create_task(slots.acquire([account])))
    await queued(slots, *accounts)
    await got(asyncio.create_task(slots.acquire([B])))


async def test_a_caller_of_a_hung_target_can_call_others() -> None:
    slots = Slots(60, 100)
    await filled(slots, A, "one")
    assert len(await filled(slots, B, "one")) == 14


async def test_a_caller_leaves_slots_free_for_other_callers() -> None:
    slots = Slots(85, 100)
    targets = [Target("acme", f"acme/{number}") for number in range(100)]
    taken = [await slots.acquire([target], "greedy") for target in targets[:80]]
    waiting = await queued(slots, targets[80], caller="greedy")
    (await slots.acquire([targets[81]], "modest")).release()
    await settled()
    assert not waiting.done()
    taken[0].release()
    taken[1].release()
    await got(waiting)


async def test_a_target_with_its_share_is_passed_over_for_the_next_of_the_ranking() -> None:
    slots = Slots(6, 10)
    await filled(slots, A)
    slot = await asyncio.wait_for(slots.acquire([A, B]), WAIT)
    assert slot.move_to(B)
    assert not slot.move_to(A)
    assert slot.move_to(C)


async def test_a_slot_that_moves_to_another_target_makes_room_at_the_first() -> None:
    slots = Slots(6, 10)
    held = await filled(slots, A)
    waiting = await queued(slots, A)
    assert held[0].move_to(B)
    slot = await got(waiting)
    assert slots.in_flight == len(held) + 1
    for each in (*held, slot):
        each.release()
    assert slots.in_flight == 0


async def test_a_slot_given_back_is_handed_over_and_makes_room_in_the_share_of_its_target() -> None:
    slots = Slots(8, 10)
    for target in (A, A, A, B, B):
        await slots.acquire([target])
    first, _ = [await slots.acquire([C]) for _ in range(2)]
    elsewhere, here = await queued(slots, B), await queued(slots, C)
    first.release()
    await got(elsewhere)
    await got(here)


async def test_callers_take_turns_at_a_target() -> None:
    slots = Slots(1, 100)
    holder = await slots.acquire([A])
    many = [await queued(slots, A, caller="many") for _ in range(5)]
    one = await queued(slots, A, caller="one")
    holder.release()
    (await got(many[0])).release()
    (await got(one)).release()
    for task in many[1:]:
        (await got(task)).release()


async def test_targets_take_turns() -> None:
    slots = Slots(1, 100)
    holder = await slots.acquire([A])
    many = [await queued(slots, A) for _ in range(5)]
    one = await queued(slots, B)
    holder.release()
    (await got(many[0])).release()
    (await got(one)).release()


async def test_a_request_does_not_wait_behind_those_for_a_hung_target() -> None:
    slots = Slots(6, 100)
    await filled(slots, A)
    stuck = [await queued(slots, A) for _ in range(10)]
    others = await filled(slots, B)
    waiting = await queued(slots, B)
    others[0].release()
    await got(waiting)
    assert not any(task.done() for task in stuck)
    for task in stuck:
        task.cancel()


async def test_a_full_queue_rejects_immediately_naming_the_target() -> None:
    slots = Slots(1, 1)
    slot = await slots.acquire([A])
    waiting = await queued(slots, A)
    with pytest.raises(Overloaded, match="1 and 1 of them for acme/a") as error:
        await slots.acquire([A])
    assert error.value.retry_after == 1
    assert error.value.metadata == {"target": "acme/a"}
    slot.release()
    await got(waiting)


async def test_a_target_leaves_places_of_the_queue_free_for_others() -> None:
    slots = Slots(1, 60)
    await slots.acquire([A])
    waiting = [await queued(slots, A, caller=str(number)) for number in range(40)]
    with pytest.raises(Overloaded):
        await slots.acquire([A])
    waiting.append(await queued(slots, B))
    for task in waiting:
        task.cancel()


async def test_a_caller_leaves_places_in_the_queue_for_a_target_free_for_others() -> None:
    slots = Slots(1, 60)
    await slots.acquire([A])
    waiting = [await queued(slots, A, caller="many") for _ in range(37)]
    with pytest.raises(Overloaded):
        await slots.acquire([A], "many")
    waiting.append(await queued(slots, A, caller="one"))
    for task in waiting:
        task.cancel()


async def test_a_caller_with_its_share_of_slots_and_queue_is_refused_whatever_it_asks_for() -> None:
    slots = Slots(1, 2)
    slots.check("any")
    await slots.acquire([A])
    slots.check("any")
    waiting = [await queued(slots, A), await queued(slots, A)]
    with pytest.raises(Overloaded):
        slots.check("any")
    for task in waiting:
        task.cancel()


@asynccontextmanager
async def steady(slots: Slots, seconds: float, times: int) -> AsyncIterator[Slot]:
    """A slot for A that was handed over this many times at this pace, with one request still waiting."""
    slot = await slots.acquire([A])
    waiting = [await queued(slots, A) for _ in range(times + 1)]
    for task in waiting[:-1]:
        await asyncio.sleep(seconds)
        slot.release()
        slot = await got(task)
    yield slot
    waiting[-1].cancel()


async def test_a_request_whose_turn_would_come_after_its_deadline_is_refused_at_once() -> None:
    slots, now = Slots(1, 100), asyncio.get_running_loop().time
    async with steady(slots, 0.05, 5):
        with pytest.raises(Overloaded, match="after its deadline"):
            await slots.acquire([A], deadline=now() + 0.06)
        patient = asyncio.create_task(slots.acquire([A], deadline=now() + 5))
        await settled()
        assert not patient.done()
        patient.cancel()


async def test_a_queue_that_stands_still_is_expected_to_go_on_doing_so() -> None:
    slots, now = Slots(1, 100), asyncio.get_running_loop().time
    await slots.acquire([A])
    waiting = [await queued(slots, A) for _ in range(20)]
    await asyncio.sleep(0.2)
    with pytest.raises(Overloaded, match="after its deadline"):
        await slots.acquire([A], deadline=now() + 0.5)
    for task in waiting:
        task.cancel()


async def test_a_request_waits_for_the_target_with_the_shortest_queue() -> None:
    slots = Slots(1, 100)
    async with steady(slots, 0.05, 2):
        both = await queued(slots, A, B)
        assert list(slots._turns) == [A.id, B.id]
        both.cancel()


async def test_closing_rejects_new_and_waiting_requests_but_not_running_ones() -> None:
    slots = Slots(1, 2)
    slot = await slots.acquire([A])
    waiting = [await queued(slots, A, caller="one"), await queued(slots, B, caller="two")]
    slots.close()
    for task in waiting:
        with pytest.raises(ShuttingDown):
            await got(task)
    with pytest.raises(ShuttingDown):
        await slots.acquire([A])
    with pytest.raises(ShuttingDown):
        slots.check("")
    assert (slots.in_flight, slots.queued) == (1, 0)
    slot.release()
    assert slots.in_flight == 0


async def test_a_slot_assigned_to_a_cancelled_caller_goes_to_the_next() -> None:
    slots = Slots(1, 4)
    slot = await slots.acquire([A])
    leaving, staying = await queued(slots, A), await queued(slots, A)
    slot.release()
    leaving.cancel()
    await got(staying)
    assert (slots.in_flight, slots.queued) == (1, 0)


TARGETS: Sequence[Target] = (A, B, C)


class Model:
    """Slots, and what is known of them from outside."""

    def __init__(self, limit: int, queue: int) -> None:
        self.slots = Slots(limit, queue)
        self.waiting: dict[asyncio.Task[Slot], str] = {}
        self.held: list[tuple[str, Slot]] = []
        self._limit, self._queue = limit, queue

    async def step(self, action: str, number: int, caller: str, targets: Sequence[Target]) -> None:
        match action:
            case "come":
                self.waiting[asyncio.create_task(self.slots.acquire(targets, caller))] = caller
            case "cancel" if self.waiting:
                list(self.waiting)[number % len(self.waiting)].cancel()
            case "go" if self.held:
                self.held.pop(number % len(self.held))[1].release()
            case "move" if self.held:
                self.held[number % len(self.held)][1].move_to(targets[0])
        await settled()
        self._note()
        self._check()

    def _note(self) -> None:
        """Takes note of the requests that got a slot, were refused or left."""
        for task in [task for task in self.waiting if task.done()]:
            caller = self.waiting.pop(task)
            if not task.cancelled() and task.exception() is None:
                self.held.append((caller, task.result()))

    def _check(self) -> None:
        slots, free = self.slots, self._limit - self.slots.in_flight
        targets = Counter(slot._target.key for _, slot in self.held)
        callers = Counter(caller for caller, _ in self.held)
        assert slots.in_flight == len(self.held) <= self._limit
        assert slots.queued == len(self.waiting) <= self._queue
        assert Counter({key: share.held for key, share in slots._targets.items()}) == targets
        assert Counter({key: share.held for key, share in slots._callers.items()}) == callers
        for share in slots._turns.values():
            for caller in share.callers:  # no request waits that might have a slot
                assert targets[share.key] >= TARGET_FACTOR * free or callers[caller] >= CALLER_FACTOR * free

    async def finish(self) -> None:
        while self.held or self.waiting:
            await self.step("go" if self.held else "cancel", 0, "", TARGETS)
        assert (self.slots._targets, self.slots._callers, self.slots._turns) == ({}, {}, {})


@given(
    limit=st.integers(1, 8),
    queue=st.integers(0, 6),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["come", "come", "go", "cancel", "move"]),
            st.integers(0, 20),
            st.sampled_from(["x", "y"]),
            st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
        ),
        max_size=40,
    ),
)
def test_no_slot_is_lost_and_no_request_waits_that_might_have_one(
    limit: int, queue: int, steps: list[tuple[str, int, str, list[Target]]]
) -> None:
    async def scenario() -> None:
        model = Model(limit, queue)
        for step in steps:
            await model.step(*step)
        await model.finish()

    asyncio.run(scenario())
