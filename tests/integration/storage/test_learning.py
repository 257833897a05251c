"""Servers on one database share what they observe of answers, each reading the log from where it left off."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from ymera_service.routing.learning.evidence import BATCH, Evidence
from ymera_service.routing.learning.learner import Learner
from ymera_service.routing.log_reading import FAR_READINGS, LATE, LATEST
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import Observation


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def weight(evidence: Evidence) -> int:
    return round(sum(tally.weight for tallies in evidence.tallies.values() for tally in tallies.values()))


async def test_what_one_server_records_another_learns(database_url: str, observation: Observation) -> None:
    clock = Clock(observation.created_at + timedelta(days=1))
    async with Database.open(database_url) as one, Database.open(database_url) as other, Recorder(one) as recorder:
        await recorder.record(observation)
        evidence = Evidence(clock)
        learner = Learner(other, evidence, clock)
        await learner.reread()
        assert weight(evidence) == 1
        assert evidence.judged_share == 0
        await recorder.record(replace(observation, id="2", request_id="2", value=1.0, created_at=clock.now))
        clock.now += timedelta(seconds=1)
        await learner.reread()
        assert weight(evidence) == 2
        assert evidence.judged_share > 0
        tallies = evidence.tallies
        await learner.reread()
        assert evidence.tallies is tallies


async def test_observations_that_are_stored_late_are_learnt_too(database_url: str, observation: Observation) -> None:
    clock = Clock(observation.created_at)
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        evidence = Evidence(clock)
        learner = Learner(database, evidence, clock)
        await learner.reread()
        for number, behind in enumerate((LATE, LATEST)):
            made = clock.now - behind
            await recorder.record(replace(observation, id=str(number), request_id=str(number), created_at=made))
        await learner.reread()
        assert weight(evidence) == 1
        for _ in range(FAR_READINGS - 2):
            await learner.reread()
        assert weight(evidence) == 2


async def test_many_observations_are_learnt_in_turn_with_other_work(
    database_url: str, observation: Observation
) -> None:
    turns, learner_is_done = 0, False

    async def other_work() -> None:
        nonlocal turns
        while not learner_is_done:
            await asyncio.sleep(0)
            known = weight(evidence)
            turns += 0 < known < 10 * BATCH

    made = [replace(observation, id=str(number), request_id=str(number), caller="") for number in range(10 * BATCH)]
    evidence = Evidence(Clock(observation.created_at))
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(*made)
        working = asyncio.create_task(other_work())
        await Learner(database, evidence).reread()
        learner_is_done = True
        await working
    assert weight(evidence) == 10 * BATCH
    assert turns >= 9
