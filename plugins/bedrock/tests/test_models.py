"""Which models are offered, with what is known of them and of where they run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from ymera_service.sdk.errors import MalformedResponse, PermissionDenied
from ymera_service.sdk.models import Capability, Kind
from ymera_service.sdk.targets import Deployment
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.recorded import Exchange

from .offers import REQUEST, Record, bedrock, listed, models, profile, profiles, summary


async def test_models_and_profiles_are_listed_with_what_they_accept(recorded_http: Record) -> None:
    claude, nova, embedder = (
        "anthropic.claude-sonnet-4-5-v1:0",
        "amazon.nova-micro-v1:0",
        "amazon.titan-embed-text-v2:0",
    )
    by_profile = {"inferenceTypesSupported": ["INFERENCE_PROFILE"]}
    found = await listed(
        recorded_http,
        models(
            summary(claude, "IMAGE", **by_profile),
            summary(nova),
            summary("acme.novel-1", "IMAGE", "SPEECH"),
            summary("amazon.nova-lite-v1:0:300k", inferenceTypesSupported=["PROVISIONED"]),
            summary(embedder, outputModalities=["EMBEDDING"]),
            summary("cohere.rerank-v3-5:0"),
            summary("stability.sd3-large-v1:0", outputModalities=["IMAGE"]),
        ),
        profiles(
            profile(f"us.{claude}", claude),
            profile("abc123", nova, "APPLICATION"),
            profile("d", embedder, "APPLICATION"),
        ),
    )
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/abc123"
    others = ["cohere.rerank-v3-5:0", "stability.sd3-large-v1:0"]
    assert list(found) == [nova, "acme.novel-1", embedder, *others, f"us.{claude}", arn]
    assert {Capability.TOOLS, Capability.IMAGE_INPUT, Capability.REASONING} <= found[f"us.{claude}"].capabilities
    assert found[nova].capabilities == {Capability.TOOLS} == found[arn].capabilities
    assert found["acme.novel-1"].capabilities == {Capability.IMAGE_INPUT, Capability.AUDIO_INPUT}
    assert Capability.TOOLS in found["acme.novel-1"].unknown
    assert Capability.VIDEO_INPUT not in found["acme.novel-1"].unknown
    assert [info.kind for info in found.values()] == [
        *(Kind.GENERATE, Kind.GENERATE, Kind.EMBED, Kind.RERANK, Kind.OTHER),
        *(Kind.GENERATE, Kind.GENERATE),
    ]
    assert (found[embedder].max_batch_inputs, found[nova].max_batch_inputs) == (1, 0)
    assert all(info.price_vendor == "aws" for info in found.values())
    assert found[nova].deployments == (Deployment("", "us-east-1"),)


async def test_pages_of_profiles_are_read_to_the_last_one(recorded_http: Record) -> None:
    first = Exchange(
        orjson.dumps({"inferenceProfileSummaries": [profile("us.a.b", "a.b")], "nextToken": "a/b="}),
        path="/inference-profiles",
        when=lambda request: "nextToken" not in request.url,
    )
    transport = recorded_http(models(), first, profiles(profile("us.a.c", "a.c")))
    assert [info.name for info in await bedrock(transport).models()] == ["us.a.b", "us.a.c"]
    control = "https://bedrock.us-east-1.amazonaws.com"
    assert [sent.url for sent in transport.requests] == [
        f"{control}/foundation-models",
        f"{control}/inference-profiles?maxResults=1000",
        f"{control}/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D",
    ]
    endless = orjson.dumps({"inferenceProfileSummaries": [profile("us.a.b", "a.b")], "nextToken": "x"})
    assert list(await listed(recorded_http, models(), Exchange(endless, path="/inference-profiles"))) == ["us.a.b"]


def of_region(name: str) -> Callable[[Any], bool]:
    return lambda request: f".{name}." in request.url


async def test_a_model_has_a_target_for_each_region_that_lists_it(recorded_http: Record) -> None:
    found = await listed(
        recorded_http,
        models(summary("a.b"), summary("a.c"), when=of_region("us-east-1")),
        models(summary("a.b"), when=of_region("eu-west-1")),
        profiles(profile("eu.a.c", "a.c"), when=of_region("eu-west-1")),
        profiles(),
        regions=["us-east-1", "eu-west-1"],
    )
    regions = {name: [each.endpoint for each in info.deployments] for name, info in found.items()}
    assert regions == {"a.b": ["us-east-1", "eu-west-1"], "a.c": ["us-east-1"], "eu.a.c": ["eu-west-1"]}


@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("amazon.nova-lite-v1:0", "eu-west-1"),
        ("arn:aws:bedrock:eu-west-1:1:imported-model/abc", "eu-west-1"),
        ("eu.amazon.nova-lite-v1:0", "eu"),
        ("apac.anthropic.claude-x", "apac"),
        ("us-gov.anthropic.claude-x", "us-gov"),
        ("global.anthropic.claude-x", ""),
        ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", ""),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/global.anthropic.claude-x", ""),
    ],
)
async def test_it_states_where_data_are_processed(recorded_http: Record, model: str, region: str) -> None:
    [info] = (await listed(recorded_http, models={model: {}}, regions=["eu-west-1"])).values()
    assert [each.region for each in info.deployments] == [region]


async def test_a_region_that_can_not_be_listed_does_not_hide_the_others(recorded_http: Record) -> None:
    refused = models(status=403, when=of_region("eu-west-1"))
    settings = {"regions": ["eu-west-1", "us-east-1"]}
    assert list(await listed(recorded_http, refused, models(summary("a.b")), profiles(), **settings)) == ["a.b"]
    with pytest.raises(PermissionDenied):
        await listed(recorded_http, models(status=403), **settings)
    with pytest.raises(MalformedResponse):
        await listed(recorded_http, Exchange(b'{"models": []}'))


async def test_configured_models_are_offered_instead_of_those_that_are_listed(recorded_http: Record) -> None:
    table = {"a.b": {}, "us.anthropic.claude-x": {"context_window": 7, "capabilities": ["tools"]}}
    found = await listed(recorded_http, models=table, regions=["us-east-1", "us-west-2"])
    assert list(found) == list(table)
    info = found["us.anthropic.claude-x"]
    assert (info.context_window, info.capabilities) == (7, frozenset({Capability.TOOLS}))
    assert info.unknown == frozenset()
    assert [each.endpoint for each in info.deployments] == ["us-east-1", "us-west-2"]


async def test_a_model_that_does_not_stream_is_asked_for_its_whole_answer(recorded_http: Record) -> None:
    whole = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn"}
    quiet = summary("a.b", responseStreamingSupported=False)
    transport = recorded_http(models(quiet), profiles(), Exchange(orjson.dumps(whole), path="/model/a.b/converse"))
    provider = bedrock(transport)
    await provider.models()
    assert Answer.of(await events_of(provider, replace(REQUEST, model="a.b"))).text == "Hi"
