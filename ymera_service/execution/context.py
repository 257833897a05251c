"""What the stages of one execution share."""

from dataclasses import dataclass, field

from ymera_service.access.spending import Tab
from ymera_service.execution.answer import AnswerCollector
from ymera_service.execution.deadlines import DeadlineScope
from ymera_service.execution.events import ExecutionEvent, Sink
from ymera_service.execution.facts import Attempt, Execution
from ymera_service.execution.portions import parts_of
from ymera_service.resilience.slots import Slot
from ymera_service.routing.decision import Selection
from ymera_service.routing.prompts.features import Features
from ymera_service.sdk.errors import CallerBudgetSpent
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import Reply, WorkRequest
from ymera_service.telemetry.timing import Timings


@dataclass(slots=True)
class ExecutionContext:
    """The one changing thing of an execution: it holds the facts so far, which themselves never change."""

    execution: Execution
    sink: Sink
    timings: Timings
    deadline: DeadlineScope
    """Ends it when its time is over."""
    selection: Selection | None = None
    """The decision with what belongs to it."""
    pools: tuple[Target, ...] = ()
    """What to try, best first: targets, or pools of several."""
    ranking: tuple[Target, ...] = ()
    """The targets to try, best first, as they were ordered for the latest call."""
    tab: Tab | None = None
    """What was reserved and spent of the caller's budget; None if it has none."""
    unaffordable: CallerBudgetSpent | None = None
    """Why a target was not called though it could have been: more than that is not left."""
    slot: Slot | None = None
    admitted: bool = True
    """False while it may still be refused without a record and without an event."""
    calls: int = 0
    """Calls that were begun in the present turn."""
    under_way: dict[int, Attempt] = field(default_factory=dict)
    """The calls of the present turn that are not over, by their numbers, with estimates of what they consume."""
    note: int | None = None
    """The slot of the journal that has what is known so far; see `Recording.begin`."""
    stored_decision: bytes = b""
    """The decision as it is stored; empty until it is needed."""
    kept: AnswerCollector | None = None
    """Has what was written, if a repeat is to get the same outcome."""
    notified: bool = False
    """The observers have it."""
    replies: list[Reply] = field(default_factory=list)
    """Those of the calls that did a part of the work, all by the same model,"""
    done: int = 0
    """and how many of its inputs they did."""

    def decide(self, selection: Selection) -> None:
        """Takes the decision, and what to try."""
        self.execution = self.execution.routed(selection.decision, selection.said)
        self.selection = selection
        self.pools = selection.ranking[:1] if self.execution.request.preferences.no_failover else selection.ranking

    @property
    def features(self) -> Features | None:
        """What is kept of the request to learn from."""
        return self.selection.features if self.selection is not None else None

    def begin_turn(self) -> None:
        """Begins another answer."""
        self.calls = 0
        self.execution = self.execution.with_turn()

    def take_number(self) -> int:
        """Returns the number of a further call in the present turn, from 1."""
        self.calls += 1
        return self.calls

    def add(self, attempt: Attempt, beaten_by: int | None = None) -> None:
        """Takes an attempt that is over; `beaten_by` is the number of one that was quicker."""
        self.under_way.pop(attempt.number, None)
        if self.tab is not None:
            self.tab.charge(attempt.number, attempt.spent_micros)
        self.execution = self.execution.with_attempt(attempt, beaten_by)

    def take(self, portion: WorkRequest, reply: Reply) -> None:
        """Takes the reply to a portion of the work."""
        self.replies.append(reply)
        self.done += parts_of(portion)

    @property
    def is_unfinished(self) -> bool:
        """Whether a part of the work is still to be done."""
        work = self.execution.request.work
        return work is not None and self.done < parts_of(work)

    def start_over(self, pools: tuple[Target, ...]) -> None:
        """Forgets the replies, so that one of other targets can do all of the work."""
        self.pools = pools
        self.replies.clear()
        self.done = 0

    @property
    def is_recorded(self) -> bool:
        """Whether it gets a record and a terminal event, however it ends."""
        return self.admitted and self.execution.decision is not None

    @property
    def irrevocable(self) -> bool:
        """Whether the caller has seen a part of an answer."""
        return self.execution.released

    async def send(self, event: ExecutionEvent) -> None:
        """Sends an event to the reader of the execution."""
        if not self.sink.try_send(event):
            await self.sink.send(event)
