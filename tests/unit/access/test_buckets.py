"""A bucket bounds how often something is done, in every span of time, and refuses nothing that fits."""

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.access.buckets import MINUTE, Bucket

SIZES = st.integers(1, 60) | st.integers(1, 1_000_000)
PAUSES = st.lists(st.sampled_from([0, 1]) | st.integers(0, 2 * MINUTE), max_size=60)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5 * MINUTE

    def __call__(self) -> int:
        return self.now


@given(SIZES.filter(lambda size: size <= 1000), st.integers(0, 100) | st.integers(60, 10_000))
def test_a_full_bucket_gives_its_size_at_once_however_long_it_rested(size: int, minutes: int) -> None:
    clock = Clock()
    bucket = Bucket(size, clock)
    clock.now += minutes * MINUTE
    assert [bucket.take() for _ in range(size)] == [0] * size
    assert bucket.take() == MINUTE // size


@given(SIZES, PAUSES)
def test_whoever_waits_as_long_as_it_says_gets_one_and_no_sooner(size: int, pauses: list[int]) -> None:
    clock = Clock()
    bucket = Bucket(size, clock)
    for pause in pauses:
        clock.now += pause
        if wait := bucket.take():
            clock.now += wait - 1
            assert bucket.take() == 1
            clock.now += 1
            assert bucket.take() == 0


@given(st.integers(1, 5) | st.integers(1, 20), PAUSES.map(lambda pauses: pauses[:8]))
def test_in_no_span_more_is_given_than_the_size_and_what_came_back(size: int, pauses: list[int]) -> None:
    clock = Clock()
    bucket, given = Bucket(size, clock), list[int]()
    for pause in pauses:
        clock.now += pause
        given += [clock.now for _ in range(size + 1) if not bucket.take()]
    for first, start in enumerate(given):
        for last in range(first, len(given)):
            assert last - first + 1 <= size + (given[last] - start) // (MINUTE // size)


def test_after_the_first_minute_a_busy_caller_gets_as_many_per_minute_as_it_says() -> None:
    clock = Clock()
    bucket = Bucket(7, clock)

    def a_busy_minute() -> int:
        given = 0
        for _ in range(600):
            clock.now += MINUTE // 600
            given += bucket.take() == 0
        return given

    assert [a_busy_minute() for _ in range(4)] == [13, 7, 7, 7]
