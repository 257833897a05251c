"""Work is divided into calls within a model's limits, and what is noted of many calls adds up."""

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.execution.portions import MAX_TURNS, SAFETY, USUAL_INPUTS, portion_of
from ymera_service.execution.recording import NOTED_ATTEMPTS, _noted
from ymera_service.routing.prompts.estimate import text_tokens
from ymera_service.sdk.models import Kind, Model, ModelInfo
from ymera_service.sdk.work import EmbedPurpose, EmbedRequest
from ymera_service.storage.journal import SLOT_BYTES
from ymera_service.storage.tables import USAGE_COLUMNS


def model(inputs: int, tokens: int) -> Model:
    info = ModelInfo("m", kind=Kind.EMBED, max_batch_inputs=inputs, max_batch_tokens=tokens)
    return Model("acme/m", "acme", info, None)


@given(
    st.lists(st.text("aé", min_size=1, max_size=60), min_size=1, max_size=40), st.integers(0, 12), st.integers(0, 60)
)
def test_every_input_is_in_one_portion_in_order_and_within_the_limits(
    inputs: list[str], most: int, tokens: int
) -> None:
    work = EmbedRequest("", tuple(inputs), 7, EmbedPurpose.QUERY)
    portions: list[EmbedRequest] = []
    while (done := sum(len(each.inputs) for each in portions)) < len(inputs):
        portion = portion_of(work, model(most, tokens), done)
        assert isinstance(portion, EmbedRequest)
        assert portion.inputs
        portions.append(portion)
    assert [text for portion in portions for text in portion.inputs] == inputs
    for portion in portions:
        assert (portion.model, portion.dimensions, portion.purpose) == ("m", 7, "query")
        assert len(portion.inputs) <= (most or USUAL_INPUTS)
        within = sum(map(text_tokens, portion.inputs)) <= (tokens or 10**9) // SAFETY
        assert within or len(portion.inputs) == 1


def attempt(number: int, cost: int | None) -> dict[str, object]:
    counts = dict.fromkeys(USAGE_COLUMNS, number)
    return {"turn": number, "number": 1, "cost_micros": cost, "estimated": number == 2, **counts}


def test_what_is_noted_of_many_attempts_is_bounded_and_adds_up() -> None:
    made = [attempt(number, number) for number in range(1, MAX_TURNS + 1)]
    noted = _noted(made)
    assert len(noted) == NOTED_ATTEMPTS
    assert len(str(noted)) < SLOT_BYTES // 3
    assert noted[-1] == made[-1]
    for name in (*USAGE_COLUMNS, "cost_micros"):
        assert sum(each[name] for each in noted) == sum(range(1, MAX_TURNS + 1))
    assert noted[0]["estimated"]
    assert _noted([*made, attempt(99, 1)])[0]["cost_micros"] is not None
    assert _noted([attempt(0, None), *made])[0]["cost_micros"] is None
    assert _noted(made[:NOTED_ATTEMPTS]) == made[:NOTED_ATTEMPTS]
