"""The contract of policies."""

import pytest

from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.testing.checks.names import check_name
from ymera_service.sdk.testing.checks.policies import Sample, check_quick, check_scores


class PolicyContract:
    """Define a fixture `policy`. `seconds` is the longest time for a thousand candidates."""

    seconds = 0.0005

    @pytest.fixture
    def policy(self) -> RoutingPolicy:
        """The policy to test."""
        raise NotImplementedError("define a fixture `policy`")

    def test_its_name_is_valid(self, policy: RoutingPolicy) -> None:
        check_name(policy.name)
        assert policy.version, "the version is empty"

    @pytest.mark.parametrize("count", [1, 2, 10, 1_000])
    def test_it_scores_each_candidate_always_in_the_same_way(self, policy: RoutingPolicy, count: int) -> None:
        for seed in range(5):
            check_scores(policy, Sample.drawn(count, seed))
        check_scores(policy, Sample.drawn(count, turn=10**12))

    def test_it_is_fast(self, policy: RoutingPolicy) -> None:
        check_quick(policy, Sample.drawn(1_000), self.seconds)
