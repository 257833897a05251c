"""Upstreams that are dead, faulty or hostile: the caller gets an answer or the actual error."""

import asyncio
import socket
import time

import grpc
import pytest
from ymera.v1 import routing_pb2, ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import WAIT, Exchange, Script, Upstream, state_of, well
from tests.faults.outcomes import OpenServer, answer, attempts, outcomes_of, watched

SHORT = 0.5
"""A time limit that a test waits for, in seconds."""


async def dies(exchange: Exchange) -> None:
    exchange.die()


async def hangs_up(exchange: Exchange) -> None:
    exchange.hang_up()


async def dies_after_its_head(exchange: Exchange) -> None:
    await exchange.begin()
    exchange.die()


async def says_nothing(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(b"0\r\n\r\n")


async def fails_inside(exchange: Exchange) -> None:
    await exchange.respond("500 Internal Server Error", b'{"error":{"message":"ouch"}}')


async def is_behind_a_broken_proxy(exchange: Exchange) -> None:
    await exchange.respond("502 Bad Gateway", b"<html><h1>502</h1></html>", "content-type: text/html\r\n")


async def is_overloaded(exchange: Exchange) -> None:
    await exchange.respond("503 Service Unavailable", b"")


async def limits_the_rate(exchange: Exchange) -> None:
    body = b'{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}'
    await exchange.respond("429 Too Many Requests", body, "content-type: application/json\r\nretry-after: 100\r\n")


async def does_not_know_the_key(exchange: Exchange) -> None:
    body = b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}'
    await exchange.respond("401 Unauthorized", body)


async def does_not_speak_http(exchange: Exchange) -> None:
    await exchange.send(b"220 mail.example ESMTP\r\n")
    exchange.hang_up()


async def is_a_login_page(exchange: Exchange) -> None:
    await exchange.respond("200 OK", b"<html><form>please log in</form></html>", "content-type: text/html\r\n")


async def sends_broken_json(exchange: Exchange) -> None:
    await exchange.respond("200 OK", b'{"choices": [{"message": {"content": hello}}]}')


async def sends_other_json(exchange: Exchange) -> None:
    await exchange.respond("200 OK", b'{"choices": "none", "usage": [], "model": 7}')


async def sends_broken_utf8(exchange: Exchange) -> None:
    await exchange.respond("200 OK", b'{"choices": [{"message": {"content": "\xff\xfe"}}]}')


async def streams_broken_json(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send_event(b'{"choices": [{"delta": {"content": "he')
    await exchange.gone()


async def cuts_its_chunks_wrongly(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(b"zz\r\nnot a number of bytes\r\n")
    await exchange.gone()


async def is_no_gzip(exchange: Exchange) -> None:
    headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n"
    await exchange.respond("200 OK", b'{"choices":[]}', headers)


async def reports_an_error_in_its_stream(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send_event(b'{"error":{"message":"The server had an error","type":"server_error"}}')
    await exchange.send(b"0\r\n\r\n")


DEAD: dict[Script, str] = {
    dies: "PROVIDER_CONNECTION_FAILED",
    hangs_up: "PROVIDER_CONNECTION_FAILED",
    dies_after_its_head: "STREAM_INTERRUPTED",
    says_nothing: "STREAM_INTERRUPTED",
    fails_inside: "PROVIDER_SERVER_ERROR",
    is_behind_a_broken_proxy: "PROVIDER_SERVER_ERROR",
    is_overloaded: "PROVIDER_OVERLOADED",
    limits_the_rate: "RATE_LIMITED",
    does_not_know_the_key: "PROVIDER_AUTHENTICATION",
    does_not_speak_http: "PROVIDER_MALFORMED_RESPONSE",
    is_a_login_page: "PROVIDER_MALFORMED_RESPONSE",
    sends_broken_json: "PROVIDER_MALFORMED_RESPONSE",
    sends_other_json: "PROVIDER_MALFORMED_RESPONSE",
    sends_broken_utf8: "PROVIDER_MALFORMED_RESPONSE",
    streams_broken_json: "STREAM_INTERRUPTED",
    cuts_its_chunks_wrongly: "PROVIDER_MALFORMED_RESPONSE",
    is_no_gzip: "PROVIDER_MALFORMED_RESPONSE",
    reports_an_error_in_its_stream: "PROVIDER_SERVER_ERROR",
}
"""All the ways to fail before the first word of an answer, by name."""


@pytest.mark.parametrize("script", DEAD, ids=lambda script: script.__name__)
async def test_an_upstream_that_fails_before_its_first_word_is_replaced_transparently(
    open_server: OpenServer, first: Upstream, second: Upstream, script: Script, observe: Observe
) -> None:
    first.script = script
    async with open_server(first, second) as client:
        for stream in (False, True):
            text, made = await answer(client, stream=stream)
            observe(f"{'stream' if stream else 'whole'}: {outcomes_of(made)}")
            expected = [(first.model, DEAD[script]), (second.model, "")]
            rests = script in {limits_the_rate, does_not_know_the_key} and stream  # since the call before
            assert (text, attempts(made)) == ("all is well", expected[rests:])
        assert len(second.requests) == 2


async def test_an_unreachable_upstream_is_replaced_transparently(
    open_server: OpenServer, first: Upstream, second: Upstream
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # reserved, so that nothing else listens there
        first.url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        async with open_server(first, second) as client:
            result = await client.read_stream()
    assert attempts(result.end.attempts) == [(first.model, "PROVIDER_CONNECTION_FAILED"), (second.model, "")]


async def test_a_stream_reports_why_another_model_answers(
    open_server: OpenServer, first: Upstream, second: Upstream
) -> None:
    first.script = fails_inside
    async with open_server(first, second) as client:
        result = await client.read_stream()
    assert [(one.number, one.model) for one in result.attempts] == [(1, first.model), (2, second.model)]
    assert result.attempts[1].previous_error.reason == "PROVIDER_SERVER_ERROR"


async def test_if_all_upstreams_fail_the_last_error_is_reported(
    open_server: OpenServer, first: Upstream, second: Upstream
) -> None:
    first.script, second.script = fails_inside, does_not_know_the_key
    async with open_server(first, second, execution={"max_attempts": 2}) as client:
        result = await client.read_stream()
        stored = await client.recorded(result.request_id)
    async with open_server(first, second, execution={"max_attempts": 2}) as client:  # which knows of no failure
        failure = await client.failed()
    assert result.kind == "failed"
    assert result.end.error.reason == failure.reason == "PROVIDER_AUTHENTICATION"
    assert result.failure is not None
    assert result.failure.code is failure.code is grpc.StatusCode.FAILED_PRECONDITION
    assert stored.status == routing_pb2.EXECUTION_STATUS_FAILED
    assert stored.decision == result.decision
    assert list(stored.attempts) == list(result.end.attempts)
    assert stored.usage.cost_micros == 0


async def begins_and_dies(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    exchange.die()


async def begins_and_hangs_up(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    exchange.hang_up()


async def begins_and_forgets_the_rest(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    await exchange.send(b"0\r\n\r\n")


async def begins_and_reports_an_error(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    await exchange.send_event(b'{"error":{"message":"The server had an error","type":"server_error"}}')
    await exchange.send(b"0\r\n\r\n")


async def begins_and_babbles(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    await exchange.send_event(b"\x00\xff{{{{")
    await exchange.send(b"0\r\n\r\n")


async def begins_and_pauses(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.say("Once upon ")
    await exchange.say("a time")
    await exchange.gone()


BROKEN: dict[Script, tuple[str, grpc.StatusCode]] = {
    begins_and_dies: ("STREAM_INTERRUPTED", grpc.StatusCode.UNAVAILABLE),
    begins_and_hangs_up: ("STREAM_INTERRUPTED", grpc.StatusCode.UNAVAILABLE),
    begins_and_forgets_the_rest: ("STREAM_INTERRUPTED", grpc.StatusCode.UNAVAILABLE),
    begins_and_reports_an_error: ("PROVIDER_SERVER_ERROR", grpc.StatusCode.UNAVAILABLE),
    begins_and_babbles: ("PROVIDER_MALFORMED_RESPONSE", grpc.StatusCode.UNAVAILABLE),
    begins_and_pauses: ("PROVIDER_TIMEOUT", grpc.StatusCode.DEADLINE_EXCEEDED),
}


def patience_with(script: Script) -> dict[str, float]:
    """The time limits for a script: short if the test waits for them."""
    return {"idle_seconds": SHORT} if script is begins_and_pauses else {}


@pytest.mark.parametrize("script", BROKEN, ids=lambda script: script.__name__)
async def test_a_stream_that_breaks_within_its_answer_ends_truncated(
    open_server: OpenServer, first: Upstream, second: Upstream, script: Script, observe: Observe
) -> None:
    first.script = script
    reason, code = BROKEN[script]
    async with open_server(first, second, execution=patience_with(script)) as client:
        result = await client.read_stream()
        stored = await client.recorded(result.request_id)
    observe(f"{result.kind}, {result.end.error.reason}, {result.end.usage.cost_micros} micro-USD estimated")
    assert (result.kind, result.text, result.end.model) == ("truncated", "Once upon a time", first.model)
    assert result.end.error.reason == reason
    assert result.failure is not None
    assert (result.failure.code, result.failure.reason) == (code, reason)
    assert result.end.usage.estimated
    assert result.end.usage.output_tokens > 0
    assert not second.requests
    assert stored.status == routing_pb2.EXECUTION_STATUS_TRUNCATED
    assert (stored.usage, stored.decision, stored.error) == (result.end.usage, result.decision, result.end.error)


@pytest.mark.parametrize("script", BROKEN, ids=lambda script: script.__name__)
async def test_a_whole_answer_never_mixes_the_text_of_two_models(
    open_server: OpenServer, first: Upstream, second: Upstream, script: Script, observe: Observe
) -> None:
    first.script = script  # streams, although a whole answer was requested: the caller sees nothing before the end
    async with open_server(first, second, execution=patience_with(script)) as client:
        whole = await client.execute()
        stored = await client.recorded(whole.request_id)
    observe(outcomes_of(whole.attempts))
    assert [part.text for part in whole.messages[0].parts] == ["all is well"]
    assert attempts(whole.attempts) == [(first.model, BROKEN[script][0]), (second.model, "")]
    assert whole.usage.estimated
    assert whole.usage.output_tokens > 5  # the text of the first model is charged, too
    assert stored.usage == whole.usage


async def hangs(exchange: Exchange) -> None:
    await exchange.gone()


async def hangs_after_its_head(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.gone()


async def sends_comments_alone(exchange: Exchange) -> None:
    await exchange.begin()
    while True:  # keep-alive comments extend the time limit, but not forever
        await exchange.send(b"e\r\n: processing\n\n\r\n")
        await asyncio.sleep(0.01)


HANGING: list[Script] = [hangs, hangs_after_its_head, sends_comments_alone]


@pytest.mark.parametrize("script", HANGING, ids=lambda script: script.__name__)
async def test_a_hanging_upstream_is_cancelled_and_replaced_transparently(
    open_server: OpenServer, first: Upstream, second: Upstream, script: Script, observe: Observe
) -> None:
    first.script, left = watched(script)
    limits = {"first_token_seconds": SHORT, "thinking_seconds": 2 * SHORT, "unary_seconds": SHORT}
    async with open_server(first, second, execution=limits) as client:
        for stream in (False, True):
            text, made = await answer(client, stream=stream)
            observe(f"{'stream' if stream else 'whole'}: {outcomes_of(made)}")
            assert text == "all is well"
            assert attempts(made) == [(first.model, "PROVIDER_TIMEOUT"), (second.model, "")]
            await asyncio.wait_for(left.acquire(), WAIT)


async def test_a_rate_limit_fails_over_immediately_and_pauses_for_everyone_without_opening_a_breaker(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    first.script = limits_the_rate
    async with open_server(first, second, breaker={"failures": 1}) as client:
        began = time.monotonic()
        _, made = await answer(client, stream=True)
        assert attempts(made) == [(first.model, "RATE_LIMITED"), (second.model, "")]
        for _ in range(20):
            whole = await client.execute()
            assert attempts(whole.attempts) == [(second.model, "")]
        assert time.monotonic() - began < WAIT  # not the 100 s that the first one requests
        assert len(first.requests) == 1
        [excluded] = whole.decision.exclusions
        assert (excluded.model, excluded.reason) == (first.model, routing_pb2.EXCLUSION_REASON_PAUSED)
        health = await client.health()
        observe(f"{len(first.requests)} of 21 requests went to the limited target; {state_of(health)}")
        state = next(one for one in health.providers if one.provider == first.name)
        assert (state.status, len(state.breakers)) == (ymera_pb2.HEALTH_STATUS_DEGRADED, 0)
        assert [pause.domain for pause in state.pauses] == [first.model]


async def test_without_another_model_a_rate_limit_is_waited_for(open_server: OpenServer, first: Upstream) -> None:
    async def limits_the_rate_once(exchange: Exchange) -> None:
        if len(first.requests) > 1:
            await exchange.answer()
            return
        headers = f"content-type: application/json\r\nretry-after-ms: {SHORT * 1000:.0f}\r\n"
        await exchange.respond("429 Too Many Requests", b'{"error":{"message":"Slow down"}}', headers)

    first.script = limits_the_rate_once
    async with open_server(first) as client:
        began = time.monotonic()
        _, made = await answer(client, stream=True)
        assert time.monotonic() - began >= SHORT
    assert attempts(made) == [(first.model, "RATE_LIMITED"), (first.model, "")]


async def test_a_rate_limit_beyond_the_deadline_is_reported_with_retry_after(
    open_server: OpenServer, first: Upstream
) -> None:
    first.script = limits_the_rate
    async with open_server(first) as client:
        failure = await client.failed()
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert failure.retry_after == 100
    assert len(first.requests) == 1


async def test_an_upstream_that_keeps_failing_is_not_called_until_it_recovers(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    first.script = fails_inside
    async with open_server(first, second, breaker={"window": 3, "open_seconds": 2 * SHORT}) as client:
        for _ in range(3):
            await client.execute()
        whole = await client.execute()
        assert attempts(whole.attempts) == [(second.model, "")]
        excluded = whole.decision.exclusions
        unhealthy = [one.model for one in excluded if one.reason == routing_pb2.EXCLUSION_REASON_UNHEALTHY]
        assert unhealthy == [first.model]
        health = await client.health()
        observe(state_of(health))
        assert health.status == ymera_pb2.HEALTH_STATUS_DEGRADED
        first.script = well
        async with asyncio.timeout(WAIT):
            while any(provider.breakers for provider in (await client.health()).providers):
                await client.execute()
                await asyncio.sleep(0.05)
        assert (await client.execute()).model == first.model


async def test_while_all_upstreams_are_dead_health_says_which_and_why_and_recovers(
    open_server: OpenServer, first: Upstream, second: Upstream, observe: Observe
) -> None:
    first.script, second.script = dies, does_not_know_the_key
    reasons: set[str] = set()
    async with open_server(first, second, breaker={"window": 3, "open_seconds": 2 * SHORT}) as client:
        async with asyncio.timeout(3 * WAIT):  # a breaker may have opened so early that it half-opens by now
            while (health := await client.health()).status != ymera_pb2.HEALTH_STATUS_UNAVAILABLE:
                reasons |= {failure.reason for failure in await asyncio.gather(*(client.failed() for _ in range(40)))}
        observe(f"{', '.join(sorted(reasons))}; {state_of(health)}")
        assert {one.provider for one in health.providers if one.breakers} == {first.name, second.name}
        first.script = second.script = well
        async with asyncio.timeout(3 * WAIT):
            while (await client.health()).status == ymera_pb2.HEALTH_STATUS_UNAVAILABLE:
                await asyncio.gather(client.execute(), return_exceptions=True)
                await asyncio.sleep(0.05)
            assert (await client.execute()).messages[0].parts[0].text == "all is well"
