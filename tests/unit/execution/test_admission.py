"""Slots: who waits for one, and who gives it back."""

import asyncio

import pytest

from tests.unit.execution.scripted import (
    HANG,
    HELLO,
    WAIT,
    ListSink,
    OpenHarness,
    models_of,
)
from ymera_service.sdk.errors import (
    DeadlineExceeded,
    NoEligibleModel,
    Overloaded,
    ProviderServerError,
)
from ymera_service.sdk.events import (
    Accepted,
)
from ymera_service.telemetry.timing import Timings


async def test_without_a_free_slot_a_request_is_rejected_before_the_first_event(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]]}, max_concurrent=1, max_queued=0) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        with pytest.raises(Overloaded):
            await here.stream()
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_that_waits_for_a_slot_gives_up_at_its_deadline(harness: OpenHarness) -> None:
    async with harness({"one": [[Accepted(), HANG]]}, max_concurrent=1) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        with pytest.raises(DeadlineExceeded):
            await here.stream(here.request(deadline=0.02))
        assert here.pipeline.slots.queued == 0
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_rejected_after_routing_leaves_no_event_and_no_record(harness: OpenHarness) -> None:
    async with harness({"one": [[HANG]]}, max_concurrent=6, max_queued=0) as here:
        hanging = [asyncio.create_task(here.stream()) for _ in range(4)]
        await here.under_way(4)
        sink = ListSink()
        with pytest.raises(Overloaded, match="acme/one"):
            await here.stream(sink=sink)
        assert sink.events == []
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)
        await here.pipeline.stop()
        assert await here.database.executions.get("request-4") is not None
        assert await here.database.executions.get("request-5") is None


async def test_a_request_goes_to_the_next_target_while_the_first_has_its_share_of_the_slots(
    harness: OpenHarness,
) -> None:
    async with harness({"one": [[HANG]], "two": [HELLO]}, max_concurrent=6) as here:
        hanging = [asyncio.create_task(here.stream(here.request(allow_models=("acme/one",)))) for _ in range(4)]
        await here.under_way(4)
        end = await here.end_of(here.request(allow_models=("acme/one", "acme/two")))
        assert models_of(end) == ["acme/two"]
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)


async def test_a_failed_target_is_replaced_by_one_that_has_room(harness: OpenHarness) -> None:
    """While "two" has its share, the request that "one" failed goes to "three"."""
    scripts = {"one": [[ProviderServerError("x")]], "three": [HELLO], "two": [[HANG]]}
    async with harness(scripts, max_concurrent=5) as here:
        hanging = [asyncio.create_task(here.stream(here.request(allow_models=("acme/two",)))) for _ in range(4)]
        await here.under_way(4)
        end = await here.end_of()
        assert models_of(end)[-1] == "acme/three"
        assert "acme/two" not in models_of(end)
        for task in hanging:
            task.cancel()
        await asyncio.wait(hanging)


async def test_decisions_alone_need_no_slot(harness: OpenHarness) -> None:
    async with harness({"one": [[HANG]]}, max_concurrent=1, max_queued=0) as here:
        task = asyncio.create_task(here.stream())
        await asyncio.wait_for(here.provider.hanging.wait(), WAIT)
        assert (await here.pipeline.route(here.request(), Timings())).candidates
        task.cancel()
        await asyncio.wait({task})


async def test_a_request_that_can_not_be_routed_releases_its_slot(harness: OpenHarness) -> None:
    async with harness({"one": [HELLO]}) as here:
        with pytest.raises(NoEligibleModel):
            await here.stream(here.request(max_cost_micros=0))
        assert here.pipeline.slots.in_flight == 0
