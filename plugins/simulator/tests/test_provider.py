"""Answers to requests: pace, limits, usage, marks, media, tools."""

import json
import time
from collections.abc import Awaitable, Callable

import jsonschema_rs
import pytest
from ymera_simulator import SimulatorProvider, SimulatorSettings
from ymera_simulator.models import models_of
from ymera_simulator.respondent import MARK, Respondent
from ymera_simulator.settings import ModelSettings

from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import ContextTooLong, InvalidProviderRequest, NotFound, ProviderTimeout
from ymera_service.sdk.events import Accepted, ProviderEvent, ReasoningDelta, TextDelta
from ymera_service.sdk.generation import (
    FinishReason,
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.models import Capability, Price
from ymera_service.sdk.testing.answers import Answer, events_of

WEATHER = Tool(
    "get_weather",
    "Tells the weather of a city.",
    '{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":9}},'
    '"required":["city"],"additionalProperties":false}',
)
PERFECT = {"sim-large": ModelSettings(skill={"default": 1}), "sim-thinker": ModelSettings(skill={"math": 1})}


def simulator(sleep: Callable[[float], Awaitable[None]] | None = None, **settings: object) -> SimulatorProvider:
    made = SimulatorSettings.model_validate({"speed": 0, "models": PERFECT, **settings})
    return SimulatorProvider(made, sleep) if sleep else SimulatorProvider(made)


async def events_for(prompt: Prompt | str, model: str = "sim-large", stream: bool = True) -> list[ProviderEvent]:
    full_prompt = Prompt((user(prompt),)) if isinstance(prompt, str) else prompt
    return await events_of(simulator(), GenerateRequest(model, full_prompt, stream))


async def answer(prompt: Prompt | str, model: str = "sim-large") -> Answer:
    return Answer.of(await events_for(prompt, model))


class Clock:
    """Takes the place of sleep and adds up what was slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_every_text_is_marked_as_simulated() -> None:
    for question in ("What is 6 * 7?", "Hello!", "", "Explain quantum gravity", "Write hello world in Rust"):
        assert (await answer(question)).text.startswith(MARK)


async def test_every_model_is_marked_and_named_as_simulated() -> None:
    models = await simulator().models()
    assert all(model.simulated and model.name.startswith("sim-") for model in models)
    assert {model.name: model.price for model in models}["sim-free"] == Price(0, 0)
    assert {model.name: model.price for model in models}["sim-large"] == Price(5_000_000, 20_000_000)


async def test_its_skill_is_stated_for_routing() -> None:
    models = {"sim-small": {"skill": {"math": 0.9, "poetry": 0.4}}}
    stated = {model.name: model.stated_quality for model in await simulator(models=models).models()}["sim-small"]
    assert (stated["math"], stated["poetry"], stated["general"]) == (0.9, 0.4, 0.7)
    assert set(CATEGORIES) < stated.keys()


async def test_streamed_and_unary_take_the_same_time() -> None:
    streamed, unary = Clock(), Clock()
    request = GenerateRequest("sim-large", Prompt((user("What is 6 * 7?"),)))
    text = Answer.of(await events_of(simulator(streamed, speed=1), request))
    await events_of(simulator(unary, speed=1), GenerateRequest(request.model, request.prompt, stream=False))
    assert text.usage is not None
    assert sum(streamed.slept) == pytest.approx(sum(unary.slept))
    assert sum(unary.slept) == pytest.approx(0.18 + text.usage.output_tokens / 200)


async def test_speed_divides_the_delays_and_0_means_none() -> None:
    request = GenerateRequest("sim-small", Prompt((user("Hello!"),)))
    slow, fast, none = Clock(), Clock(), Clock()
    for clock, speed in ((slow, 1), (fast, 4), (none, 0)):
        await events_of(simulator(clock, speed=speed), request)
    assert sum(slow.slept) == pytest.approx(4 * sum(fast.slept))
    assert none.slept == []


async def test_an_answer_is_cut_at_the_limit_of_tokens() -> None:
    prompt = Prompt((user("Write fizzbuzz in Go"),), sampling=Sampling(max_output_tokens=7))
    cut = await answer(prompt)
    assert cut.finish_reason is FinishReason.LENGTH
    assert cut.usage is not None
    assert cut.usage.output_tokens == 7
    assert len(cut.text) == 28


async def test_a_stop_sequence_ends_the_answer_before_it() -> None:
    prompt = Prompt((user("Sort these: pear, fig, apple"),), sampling=Sampling(stop_sequences=("pear", "fig")))
    stopped = await answer(prompt)
    assert stopped.text == MARK + "apple, "
    assert stopped.finish_reason is FinishReason.STOP


async def test_a_thinking_model_thinks_first_unless_thinking_is_disabled() -> None:
    events = await events_for("What is 6 * 7?", "sim-thinker")
    kinds = [type(event) for event in events if isinstance(event, ReasoningDelta | TextDelta)]
    assert kinds == sorted(kinds, key=lambda kind: kind is TextDelta)
    thought = Answer.of(events)
    assert thought.usage is not None
    assert 0 < thought.usage.reasoning_output_tokens < thought.usage.output_tokens
    quiet = Prompt((user("What is 6 * 7?"),), sampling=Sampling(reasoning_effort=ReasoningEffort.NONE))
    assert (await answer(quiet, "sim-thinker")).reasoning == ""


async def test_reasoning_that_uses_up_the_limit_leaves_no_text() -> None:
    prompt = Prompt((user("What is 6 * 7?"),), sampling=Sampling(max_output_tokens=3))
    cut = await answer(prompt, "sim-thinker")
    assert (cut.text, cut.finish_reason) == ("", FinishReason.LENGTH)


async def test_usage_counts_four_characters_a_token() -> None:
    usage = (await answer("Hello!")).usage
    assert usage is not None
    assert usage.input_tokens == 3 + 2
    assert usage.cache_read_input_tokens == 0


async def test_media_is_named_by_kind_type_and_size() -> None:
    image = Media(MediaKind.IMAGE, "image/png", b"\x89PNG....")
    text = (await answer(Prompt((Message(Role.USER, (Text("What is 6 * 7?"), image)),)))).text
    assert "one image (image/png, 8 bytes)" in text
    assert text.endswith("42")


async def test_a_fitting_tool_is_called_with_arguments_from_the_prompt() -> None:
    called = await answer(Prompt((user("What is the weather in Lisbon for 3 days?"),), tools=(WEATHER,)))
    assert called.finish_reason is FinishReason.TOOL_CALLS
    (call,) = called.tool_calls
    assert json.loads(call.arguments) == {"city": "Lisbon", "days": 3}


@pytest.mark.parametrize("mode", [ToolChoiceMode.NONE, ToolChoiceMode.AUTO])
async def test_a_tool_that_does_not_fit_is_left_alone(mode: ToolChoiceMode) -> None:
    prompt = Prompt((user("What is 6 * 7?"),), tools=(WEATHER,), tool_choice=ToolChoice(mode))
    assert (await answer(prompt)).text.endswith("42")


async def test_no_tool_is_called_where_that_is_forbidden() -> None:
    question = user("What is the weather in Lisbon?")
    prompt = Prompt((question,), tools=(WEATHER,), tool_choice=ToolChoice(ToolChoiceMode.NONE))
    assert (await answer(prompt)).tool_calls == ()


async def test_the_tool_that_is_named_is_called() -> None:
    other = Tool("note", "Takes a note.", '{"type":"object"}')
    choice = ToolChoice(ToolChoiceMode.TOOL, "note")
    called = await answer(Prompt((user("Weather in Rome?"),), tools=(WEATHER, other), tool_choice=choice))
    assert [call.name for call in called.tool_calls] == ["note"]


async def test_after_a_tool_result_it_answers_with_the_result() -> None:
    messages = (
        user("What is the weather in Lisbon?"),
        Message(Role.ASSISTANT, (ToolCall("call_1", "get_weather", '{"city":"Lisbon"}'),)),
        Message(Role.TOOL, (ToolResult("call_1", (Text("18 °C and sunny"),)),)),
    )
    said = await answer(Prompt(messages, tools=(WEATHER,)))
    assert said.tool_calls == ()
    assert "18 °C and sunny" in said.text


async def test_structured_output_carries_the_solution_and_fits_the_schema() -> None:
    schema = (
        '{"type":"object","properties":{"answer":{"type":"integer"},"sure":{"type":"boolean"}},"required":["answer"]}'
    )
    form = ResponseFormat(ResponseType.JSON_SCHEMA, schema=schema)
    value = json.loads((await answer(Prompt((user("What is 6 * 7?"),), response_format=form))).text)
    jsonschema_rs.validate(json.loads(schema), value)
    assert value["answer"] == 42


@pytest.mark.parametrize("form", [ResponseType.JSON_SCHEMA, ResponseType.TEXT])
async def test_a_schema_beyond_the_bounds_is_an_invalid_request(form: ResponseType) -> None:
    schema = '{"type":"array","minItems":1000000000}'
    tools = () if form is ResponseType.JSON_SCHEMA else (Tool("weather", "", schema),)
    prompt = Prompt((user("Weather?"),), tools=tools, response_format=ResponseFormat(form, schema=schema))
    with pytest.raises(InvalidProviderRequest, match="100 items"):
        await answer(prompt)


async def test_a_script_answers_every_prompt_that_contains_its_words() -> None:
    provider = simulator(scripts={"the Weather": "It rains.", "weather": "Who knows?"})

    async def said(text: str, tools: tuple[Tool, ...] = ()) -> str:
        request = GenerateRequest("sim-free", Prompt((user(text),), tools=tools))
        return Answer.of(await events_of(provider, request)).text

    assert await said("How is THE WEATHER?") == MARK + "It rains."
    assert await said("Any weather?", (WEATHER,)) == MARK + "Who knows?"
    assert await said("What is 6 * 7?", ()) != MARK + "It rains."


async def test_computing_is_off_the_event_loop_and_has_a_time_limit() -> None:
    model = models_of(PERFECT)["sim-large"]
    forever = Prompt((user("What does this print?\n```python\nwhile True: pass\n```"),))
    start = time.monotonic()
    with pytest.raises(ProviderTimeout):
        await Respondent(0, {}, time_limit=0.05).answer(model, forever)
    assert time.monotonic() - start < 0.4


async def test_what_was_asked_before_is_remembered() -> None:
    model, prompt = models_of(PERFECT)["sim-large"], Prompt((user("What is 6 * 7?"),))
    respondent = Respondent(0, {})
    assert await respondent.answer(model, prompt) is await respondent.answer(model, prompt)


async def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(NotFound, match="sim-none"):
        await events_for("Hello!", "sim-none")


async def test_a_prompt_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ContextTooLong):
        await events_for("word " * 40_000, "sim-free")


async def test_models_are_changed_added_and_removed_by_settings() -> None:
    models = {
        "sim-large": {"enabled": False},
        "sim-mine": {"input_price": 0.5, "output_price": 2, "first_token_seconds": 0, "capabilities": ["tools"]},
    }
    offered = {model.name: model for model in await simulator(models=models).models()}
    assert "sim-large" not in offered
    assert offered["sim-mine"].price == Price(500_000, 2_000_000)
    assert offered["sim-mine"].capabilities == frozenset({Capability.TOOLS})


async def test_the_same_seed_gives_the_same_answers_and_another_seed_others() -> None:
    async def answers(seed: int) -> list[str]:
        provider = simulator(seed=seed, models={"sim-free": {"skill": {"default": 0.5}}})
        requests = [GenerateRequest("sim-free", Prompt((user(f"What is {n} * 7?"),))) for n in range(40)]
        return [Answer.of(await events_of(provider, request)).text for request in requests]

    assert await answers(1) == await answers(1)
    assert await answers(1) != await answers(2)


async def test_the_head_is_reported_before_anything_else() -> None:
    assert isinstance((await events_for("Hello!"))[0], Accepted)
