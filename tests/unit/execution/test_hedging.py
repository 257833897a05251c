"""Hedging: whatever two calls do and whenever, the caller gets one answer, and each call is accounted for once."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from partial_failure import Unrecorded, run

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.attempt import AttemptRunner
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.deadlines import Deadlines
from ymera_service.execution.events import AttemptStarted, ExecutionEvent
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.stages import Admit, Generate, Route, Stage
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.first_signs import ENOUGH
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.resilience.slots import Slots
from ymera_service.routing.decision import Preferences
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import (
    ContentFiltered,
    DeadlineExceeded,
    FieldViolation,
    InvalidRequest,
    ProviderServerError,
    ProviderTimeout,
    YmeraError,
)
from ymera_service.sdk.events import Accepted, Finished, KeepAlive, ProviderEvent, TextDelta
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target
from ymera_service.telemetry.timing import Timings

USUAL = 0.1
"""Seconds in which both targets usually begin their answers."""
SLOW = 10 * USUAL
DONE = Finished(FinishReason.STOP)
Step = float | ProviderEvent | YmeraError | str
"""In a script: seconds to wait, an event, an error, or "ignore": wait for good, cancelled or not."""
QUICK: Sequence[Step] = (Accepted(), 0.05, "text", DONE)


class Scripted(Provider):
    """Runs its script in each call; "text" in it is a part of an answer."""

    def __init__(self, name: str, script: Sequence[Step]) -> None:
        self.name = name
        self._script = script
        self.calls: list[int] = []

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("m")]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self.calls.append(context.attempt)
        for step in self._script:
            match step:
                case float():
                    await asyncio.sleep(step)
                case "ignore":
                    while True:
                        try:
                            await asyncio.Event().wait()
                        except asyncio.CancelledError:
                            continue
                case "text":
                    yield TextDelta(self.name)
                case YmeraError():
                    raise step
                case _:
                    yield step  # type: ignore[misc]  # what is nothing else is an event


class Outcome:
    """What came of one request, and what was seen of it on the way: it is the sink too."""

    def __init__(self, providers: Sequence[Scripted]) -> None:
        self.providers = providers
        self.slots = Slots(8, 8)
        self.budgets = RetryBudgets()
        self.breakers = Breakers(BreakerSettings(), asyncio.get_running_loop().time, random.Random(1))
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self.seconds = 0.0
        self.context: ExecutionContext

    def try_send(self, event: ExecutionEvent) -> bool:
        self.events.append(event)
        return True

    async def send(self, event: ExecutionEvent) -> None:
        self.events.append(event)

    @property
    def execution(self) -> Execution:
        return self.context.execution

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def attempts(self) -> list[tuple[str, bool, str]]:
        """Of each attempt, who was called, whether as a hedge, and why it failed."""
        [turn] = self.execution.turns
        return [(one.target.provider, one.hedge, one.error.reason if one.error else "") for one in turn.attempts]

    def check(self) -> None:
        """What holds for every request."""
        begun = [event for event in self.events if isinstance(event, AttemptStarted)]
        kinds = [type(event) for event in self.events]
        parts = [event.text for event in self.events if isinstance(event, TextDelta)]
        made = list(self.execution.attempts)
        called = sorted(number for provider in self.providers for number in provider.calls)
        numbers = list(range(1, len(made) + 1))
        assert called == sorted(one.number for one in made) == [one.number for one in begun] == numbers
        assert (self.slots.in_flight, self.context.under_way) == (0, {})
        assert self.execution.released == (TextDelta in kinds and self.execution.stream)
        if self.error is None:
            assert (made[-1].error, made[-1].finish_reason) == (None, FinishReason.STOP)
        if self.execution.released:
            assert set(parts) == {made[-1].target.provider}
            assert AttemptStarted not in kinds[kinds.index(TextDelta) :]


def stages(
    outcome: Outcome, catalog: Catalog, evidence: Evidence, attempts: AttemptRunner, settings: ExecutionSettings
) -> Sequence[Stage]:
    """Returns the stages that call targets."""
    router = Router(
        catalog=catalog,
        evidence=evidence,
        sessions=Sessions(10),
        open_domains=outcome.breakers.open_domains,
        paused_domains=outcome.breakers.pauses.domains,
        readers=Readers(dict),
        settings=RoutingSettings(),
        categories=lambda: (),
    )
    generate = Generate(
        attempts=attempts,
        catalog=catalog,
        breakers=outcome.breakers,
        budgets=outcome.budgets,
        recording=Unrecorded(),
        settings=settings,
        draw=random.Random(1),
    )
    return Route(router), Admit(outcome.slots), generate


async def execute(
    *scripts: Sequence[Step],
    stream: bool = True,
    wanted: bool | None = None,
    by_default: bool = True,
    deadline: float = 30,
    leaves_after: float = 60,
    known: bool = True,
    prepare: Callable[[Outcome], object] = lambda _: None,
    checks: bool = True,
    **preferences: Any,
) -> Outcome:
    """Returns what comes of a request for targets "a", "b" and so on, which are tried in this order."""
    providers = [Scripted(name, script) for name, script in zip("abcdef", scripts, strict=False)]
    outcome, settings = Outcome(providers), ExecutionSettings(hedging=by_default)
    catalog = Catalog({provider.name: provider for provider in providers}, CatalogSettings())
    await catalog.refresh()
    clock = asyncio.get_running_loop().time
    evidence, attempts = Evidence(), AttemptRunner(settings, Boundary())
    names = [f"{provider.name}/m" for provider in providers]
    listed = Preferences(model=names[0], fallback_models=tuple(names[1:]), hedging=wanted, **preferences)
    checked = ExecutionRequest("request", Prompt((user("hi"),)), listed, clock() + deadline)
    scope = Deadlines().scope(checked.deadline)
    context = outcome.context = ExecutionContext(
        Execution(checked, stream, datetime.now(UTC), clock()), outcome, Timings(), scope
    )
    for _ in range(ENOUGH if known else 0):
        for name in names:
            attempts.limits.learn_part(context, Target(name[0], name), USUAL)
            evidence.observe(name, output_tokens=512, time_to_first_token=None, duration=USUAL)
    prepare(outcome)
    began = clock()
    try:
        async with asyncio.timeout(leaves_after), scope:
            for stage in stages(outcome, catalog, evidence, attempts, settings):
                await stage(context)
    except (YmeraError, TimeoutError) as error:
        outcome.error = error
    finally:
        if context.slot is not None:
            context.slot.release()
    outcome.seconds = clock() - began
    if checks:
        outcome.check()
    return outcome


def executed(*scripts: Sequence[Step], **how: Any) -> Outcome:
    return run(partial(execute, *scripts, **how))


HANGS: Sequence[Step] = (Accepted(), 1000.0)


@pytest.mark.parametrize("stream", [True, False])
def test_a_target_that_is_slow_to_begin_is_overtaken(stream: bool) -> None:
    outcome = executed((Accepted(), SLOW, "text", DONE), QUICK, stream=stream)
    assert (outcome.text, outcome.error) == ("b", None)
    assert outcome.attempts == [("a", False, "CANCELLED"), ("b", True, "")]
    assert outcome.seconds < 4 * USUAL
    assert outcome.breakers.report() == []


def test_what_was_overtaken_is_accounted_for_by_an_estimate() -> None:
    slow, _ = executed((Accepted(), SLOW, "text", DONE), QUICK).execution.attempts
    assert slow.error is not None
    assert slow.error.message == "another target began its answer sooner"
    assert slow.estimated
    assert slow.usage.input_tokens > 0


def test_the_first_goes_on_if_it_begins_before_the_hedge_does() -> None:
    outcome = executed((Accepted(), 2 * USUAL, "text", 3.0, "text", DONE), (Accepted(), SLOW, "text", DONE))
    assert outcome.text == "aa"
    assert outcome.attempts == [("b", True, "CANCELLED"), ("a", False, "")]
    announced = [event.hedge for event in outcome.events if isinstance(event, AttemptStarted)]
    assert announced == [False, True]


def test_a_target_that_begins_in_time_is_called_alone() -> None:
    assert executed(QUICK, QUICK).attempts == [("a", False, "")]


@pytest.mark.parametrize(
    ("by_default", "wanted", "hedges"),
    [(False, None, False), (False, True, True), (True, None, True), (True, False, False)],
)
def test_the_request_decides_or_else_the_configuration(by_default: bool, wanted: bool | None, hedges: bool) -> None:
    outcome = executed((Accepted(), SLOW, "text", DONE), QUICK, by_default=by_default, wanted=wanted)
    assert len(outcome.attempts) == 1 + hedges


@pytest.mark.parametrize("preferences", [{"max_attempts": 1}, {"no_failover": True}])
def test_no_hedge_is_made_beyond_what_the_caller_allows(preferences: dict[str, Any]) -> None:
    assert executed((Accepted(), SLOW, "text", DONE), QUICK, **preferences).attempts == [("a", False, "")]


def test_nothing_is_called_beside_a_target_whose_usual_time_is_not_known() -> None:
    assert executed((Accepted(), SLOW, "text", DONE), QUICK, known=False).attempts == [("a", False, "")]


def test_a_hedge_is_charged_to_the_retry_budget_and_not_made_without_it() -> None:
    def spend(outcome: Outcome) -> None:
        while outcome.budgets.of("b").try_withdraw():
            pass

    assert len(executed((Accepted(), SLOW, "text", DONE), QUICK, prepare=spend).attempts) == 1
    outcome = executed((Accepted(), SLOW, "text", DONE), QUICK)
    left = 0
    while outcome.budgets.of("b").try_withdraw():
        left += 1
    assert left == 19


def test_a_hedge_takes_a_slot_and_is_not_made_without_one() -> None:
    held = []

    def fill(outcome: Outcome) -> None:
        target = Target("b", "b/m")
        while (slot := outcome.slots.take(target, "other")) is not None:
            held.append(slot)

    async def scenario() -> Outcome:
        outcome = await execute((Accepted(), SLOW, "text", DONE), QUICK, prepare=fill, checks=False)
        for slot in held:
            slot.release()
        outcome.check()
        return outcome

    assert len(run(scenario).attempts) == 1


def test_a_target_that_is_paused_or_failing_is_not_a_hedge() -> None:
    def fail(outcome: Outcome) -> None:
        for _ in range(5):
            outcome.breakers.acquire(Target("b", "b/m")).failed(ProviderTimeout("hangs"))

    assert executed((Accepted(), SLOW, "text", DONE), QUICK, prepare=fail).attempts == [("a", False, "")]
    outcome = executed((Accepted(), SLOW, "text", DONE), QUICK, QUICK, prepare=fail)
    assert outcome.attempts == [("a", False, "CANCELLED"), ("c", True, "")]


def test_a_probe_is_not_cut_short() -> None:
    def trip(outcome: Outcome) -> None:
        for _ in range(5):
            outcome.breakers.acquire(Target("a", "a/m")).failed(ProviderTimeout("hangs"))

    assert executed(HANGS, (ProviderServerError("no"),), prepare=trip, deadline=5, max_attempts=3).text == ""


@pytest.mark.parametrize("stream", [True, False])
def test_if_either_fails_the_other_goes_on(stream: bool) -> None:
    late: Sequence[Step] = (Accepted(), 3 * USUAL, "text", DONE)
    fails: Sequence[Step] = (Accepted(), 2 * USUAL, ProviderServerError("broken"))
    first = executed(fails, late, stream=stream)
    assert (first.text, first.attempts) == ("b", [("a", False, "PROVIDER_SERVER_ERROR"), ("b", True, "")])
    hedge = executed((Accepted(), SLOW, "text", DONE), fails, stream=stream)
    assert (hedge.text, hedge.attempts) == ("a", [("b", True, "PROVIDER_SERVER_ERROR"), ("a", False, "")])


def test_if_both_fail_the_next_target_is_called() -> None:
    fails: Sequence[Step] = (Accepted(), 2 * USUAL, ProviderServerError("broken"))
    outcome = executed(fails, fails, QUICK)
    assert outcome.text == "c"
    assert [name for name, _, _ in outcome.attempts] == ["a", "b", "c"]


def test_what_a_filter_declines_is_not_answered_by_the_other() -> None:
    declined: Sequence[Step] = (Accepted(), 2 * USUAL, ContentFiltered("no"))
    outcome = executed(declined, (Accepted(), SLOW, "text", DONE))
    assert isinstance(outcome.error, ContentFiltered)
    assert outcome.attempts == [("b", True, "CANCELLED"), ("a", False, "CONTENT_FILTERED")]


def test_what_only_the_hedge_cannot_express_is_answered_by_the_first() -> None:
    outcome = executed((Accepted(), SLOW, "text", DONE), (InvalidRequest([FieldViolation("prompt", "no")]),))
    assert (outcome.text, outcome.error) == ("a", None)


def test_an_answer_that_breaks_off_is_not_continued_by_the_other() -> None:
    outcome = executed((Accepted(), SLOW, "text", DONE), (Accepted(), "text", ProviderServerError("broken")))
    assert outcome.text == "b"
    assert isinstance(outcome.error, ProviderServerError)
    assert outcome.attempts == [("a", False, "CANCELLED"), ("b", True, "PROVIDER_SERVER_ERROR")]


def test_the_deadline_ends_both() -> None:
    outcome = executed(HANGS, HANGS, deadline=3, stream=False)
    assert isinstance(outcome.error, DeadlineExceeded)
    assert {name for name, _, _ in outcome.attempts} == {"a", "b"}


def test_a_call_that_ignores_its_cancellation_holds_up_the_end_by_no_more_than_its_grace() -> None:
    outcome = executed((Accepted(), "ignore"), QUICK)
    assert (outcome.text, outcome.attempts) == ("b", [("a", False, "CANCELLED"), ("b", True, "")])
    assert outcome.seconds < 4 * USUAL


STEPS = st.one_of(
    st.sampled_from([0.0, USUAL / 2, USUAL, 1.5 * USUAL, 2 * USUAL, SLOW]),
    st.sampled_from([KeepAlive(), DONE, ProviderServerError("broken"), ContentFiltered("no")]),
    st.sampled_from(["text", "text", "ignore"]),
)


@given(
    scripts=st.lists(st.lists(STEPS, max_size=5), min_size=2, max_size=3),
    stream=st.booleans(),
    deadline=st.sampled_from([USUAL, 0.3, 2.0, 30.0]),
    leaves_after=st.sampled_from([USUAL, 0.16, 0.2, 60.0]),
)
@example(scripts=[[0.05], []], stream=True, deadline=0.1, leaves_after=0.1)
@example(scripts=[[KeepAlive(), 0.05, DONE], ["text"]], stream=True, deadline=0.1, leaves_after=0.1)
def test_whatever_two_calls_do_there_is_one_answer_and_each_is_accounted_for(
    scripts: list[list[Step]], stream: bool, deadline: float, leaves_after: float
) -> None:
    """See `Outcome.check`."""
    executed(
        *[(Accepted(), *script) for script in scripts], stream=stream, deadline=deadline, leaves_after=leaves_after
    )
