"""What callers may spend: nothing is counted twice, lost, or given out twice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.access.spending import OTHER_DAYS_SECONDS, Budget, Ledger, Period, Tab
from ymera_service.sdk.errors import CallerBudgetSpent, StorageUnavailable

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Stored:
    """What is stored: amounts of a caller at a time."""

    spent_at: list[tuple[str, datetime, int]] = field(default_factory=list)
    reads: list[datetime] = field(default_factory=list)
    fails: bool = False

    async def spent(self, callers: Collection[str], start: datetime, end: datetime) -> Mapping[str, int]:
        self.reads.append(start)
        if self.fails:
            raise StorageUnavailable("gone")
        found: dict[str, int] = {}
        for caller, at, micros in self.spent_at:
            if caller in callers and start <= at < end:
                found[caller] = found.get(caller, 0) + micros
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget_of(clock: Clock, day: int = 1000, **more: int) -> Budget:
    return Budget("trial", {Period.DAY: day} | {Period(name): limit for name, limit in more.items()}, clock)


def left(budget: Budget) -> int:
    """How much may still be reserved, found by trying."""
    low, high = 0, 10**9
    while low < high:
        middle = (low + high + 1) // 2
        tab = Tab(budget)
        try:
            tab.reserve(1, middle)
        except CallerBudgetSpent:
            high = middle - 1
        else:
            low = middle
        tab.close()
    return low


def test_what_a_call_may_cost_is_reserved_until_it_is_known_what_it_cost(clock: Clock) -> None:
    budget = budget_of(clock)
    tab, other = Tab(budget), Tab(budget)
    tab.reserve(1, 600)
    with pytest.raises(CallerBudgetSpent) as caught:
        other.reserve(1, 401)
    assert caught.value.retry_after == 1  # the other call may cost less
    other.reserve(1, 400)
    tab.charge(1, 50)
    assert (left(budget), budget.spent(Period.DAY)) == (550, 0)
    tab.close()
    other.close()
    assert (left(budget), budget.spent(Period.DAY), budget.reserved) == (950, 50, 0)


def test_a_refusal_says_what_was_spent_and_when_the_limit_is_renewed(clock: Clock) -> None:
    budget = budget_of(clock, 2_500_000)
    tab = Tab(budget)
    tab.charge(1, 2_499_999)
    tab.close()
    with pytest.raises(CallerBudgetSpent) as caught:
        Tab(budget).reserve(1, 2)
    assert caught.value.message == (
        "'trial' may spend $2.5 per day, and has spent $2.499999; the limit is renewed at 2026-11-30T00:00:00Z"
    )
    assert caught.value.metadata == {
        "caller": "trial",
        "spend_per_day": "2.5",
        "renewed_at": "2026-11-30T00:00:00Z",
    }
    assert caught.value.retry_after == 12 * 3600
    budget.check()
    Tab(budget).reserve(1, 1)


def test_a_call_of_unknown_price_is_refused(clock: Clock) -> None:
    with pytest.raises(CallerBudgetSpent):
        Tab(budget_of(clock)).reserve(1, None)


def test_both_limits_hold_and_are_renewed_each_in_its_time(clock: Clock) -> None:
    budget = budget_of(clock, 1000, month=1500)
    tab = Tab(budget)
    tab.charge(1, 900)
    tab.close()
    assert (left(budget), budget.lowest) == (100, ("spend_per_day", 1000))
    clock.now += timedelta(days=1)
    assert (left(budget), budget.spent(Period.DAY), budget.spent(Period.MONTH)) == (600, 0, 900)
    clock.now += timedelta(days=1)  # December
    assert (left(budget), budget.spent(Period.MONTH)) == (1000, 0)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (
            datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
            (datetime(2028, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        ),
        (datetime(2026, 12, 31, tzinfo=UTC), (datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))),
    ],
)
def test_periods_end_at_midnight_in_utc(moment: datetime, ends: tuple[datetime, datetime]) -> None:
    assert tuple(period.around(moment)[1] for period in Period) == ends


async def test_what_is_stored_counts_once_beside_what_was_spent_since(clock: Clock) -> None:
    budget, stored = budget_of(clock, month=5000), Stored()
    ledger = Ledger([budget], stored, clock)
    stored.spent_at = [("trial", NOON, 300), ("other", NOON, 70), ("trial", NOON - timedelta(days=2), 1000)]
    await ledger.reread()
    assert (budget.spent(Period.DAY), budget.spent(Period.MONTH)) == (300, 1300)
    tab = Tab(budget)
    tab.charge(1, 20)
    tab.close()
    assert budget.spent(Period.DAY) == 320
    stored.spent_at.append(("trial", NOON, 20))
    await ledger.reread()
    assert (budget.spent(Period.DAY), budget.spent(Period.MONTH)) == (320, 1320)


async def test_what_is_settled_during_a_reading_is_not_lost(clock: Clock) -> None:
    budget, stored = budget_of(clock), Stored()

    class Slow(Stored):
        async def spent(self, callers: Collection[str], start: datetime, end: datetime) -> Mapping[str, int]:
            tab = Tab(budget)
            tab.charge(1, 40)
            tab.close()
            return await stored.spent(callers, start, end)

    await Ledger([budget], Slow(), clock).reread()
    assert budget.spent(Period.DAY) >= 40


async def test_while_storage_fails_what_is_known_goes_on_counting(clock: Clock) -> None:
    budget, stored = budget_of(clock), Stored([("trial", NOON, 300)])
    ledger = Ledger([budget], stored, clock)
    await ledger.reread()
    tab = Tab(budget)
    tab.charge(1, 20)
    tab.close()
    stored.fails = True
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await ledger.reread()
    assert budget.spent(Period.DAY) == 320
    stored.fails = False
    stored.spent_at.append(("trial", NOON, 20))
    await ledger.reread()
    assert budget.spent(Period.DAY) == 320


async def test_the_days_before_are_read_seldom(clock: Clock) -> None:
    stored = Stored()
    ledger = Ledger([budget_of(clock)], stored, clock)
    for _ in range(3):
        await ledger.reread()
    first = NOON.replace(day=1, hour=0)
    assert stored.reads.count(first) == 1
    clock.now += timedelta(seconds=OTHER_DAYS_SECONDS)
    await ledger.reread()
    assert stored.reads.count(first) == 2


async def test_a_reading_that_ends_on_the_next_day_is_not_taken_for_that_day(clock: Clock) -> None:
    budget = budget_of(clock)

    class Midnight(Stored):
        async def spent(self, callers: Collection[str], start: datetime, end: datetime) -> Mapping[str, int]:
            clock.now = NOON + timedelta(hours=13)
            return {"trial": 900}

    await Ledger([budget], Midnight(), clock).reread()
    assert budget.spent(Period.DAY) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "charge", "close", "begin reading", "read"]),
        st.integers(0, 3),
        st.integers(1, 2),
        st.integers(0, 600),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_whatever_happens_the_account_adds_up(
    steps: list[tuple[str, int, int, int]],
) -> None:
    clock = Clock()
    budget = budget_of(clock)
    tabs = [Tab(budget) for _ in range(4)]
    reserved: list[dict[int, int]] = [{} for _ in tabs]
    charged = [0] * len(tabs)
    durable = 0
    in_reading: int | None = None
    starts = {Period.DAY: NOON.replace(hour=0)}
    for step, place, number, micros in steps:
        held = sum(sum(one.values()) for one in reserved) + sum(charged)
        if step == "reserve":
            held -= reserved[place].pop(number, 0)
            fits = durable + held + micros <= 1000
            try:
                tabs[place].reserve(number, micros)
            except CallerBudgetSpent:
                assert not fits
            else:
                assert fits
                reserved[place][number] = micros
        elif step == "charge":  # a call may cost more than was reserved
            tabs[place].charge(number, micros)
            reserved[place].pop(number, None)
            charged[place] += micros
        elif step == "close":
            tabs[place].close()
            durable += charged[place]
            reserved[place], charged[place] = {}, 0
        elif step == "begin reading":
            budget.begin_reading()
            in_reading = durable
        elif in_reading is not None:  # what was settled meanwhile is not in it
            budget.read(starts, {Period.DAY: in_reading})
            in_reading = None
        assert budget.spent(Period.DAY) == durable
        assert budget.reserved == sum(sum(one.values()) for one in reserved) + sum(charged)
    for tab in tabs:
        tab.close()
    assert budget.reserved == 0
    assert budget.spent(Period.DAY) == durable + sum(charged)
