"""The suite whose answers are compared keeps a benchmark's promises and offers real messages."""

import pytest
from ymera_demanding.conversations import CATEGORY, ConversationsSuite
from ymera_demanding.templates.messages import MESSAGES

from ymera_service.sdk.benchmarks import BenchmarkSuite, PairwiseTask
from ymera_service.sdk.content import last_user_text
from ymera_service.sdk.testing.contracts import BenchmarkContract


class TestConversations(BenchmarkContract):
    @pytest.fixture
    def suite(self) -> BenchmarkSuite:
        return ConversationsSuite()


def test_there_are_at_least_twenty_templates_whose_slots_are_all_filled() -> None:
    tasks = [task for seed in range(5) for task in ConversationsSuite().tasks(CATEGORY, len(MESSAGES), seed)]
    assert len({task.id.partition("/")[0] for task in tasks}) == len(MESSAGES) >= 20
    assert all(isinstance(task, PairwiseTask) for task in tasks)
    assert not any(set(last_user_text(task.prompt.messages)) & {"{", "}"} for task in tasks)
    assert len({last_user_text(task.prompt.messages) for task in tasks}) > 2 * len(MESSAGES)


def test_a_small_run_draws_other_templates_each_time() -> None:
    drawn = [tuple(task.id.partition("/")[0] for task in ConversationsSuite().tasks(CATEGORY, 5, s)) for s in range(6)]
    assert len(set(drawn)) == 6
