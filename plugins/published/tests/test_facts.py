import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from ymera_published.facts import PublishedFacts

from ymera_service.sdk.models import Capability, ModelInfo, Price, Tier

PLUGIN = Path(__file__).parents[1]
RECORDS = PLUGIN.parents[2] / "shared" / "catalogue" / "models.jsonl.gz"
TABLE = json.loads(files("ymera_published").joinpath("models.json").read_text())["models"]
SOURCE = PublishedFacts()


def facts(provider: str, name: str, price_vendor: str = "") -> ModelInfo:
    found = SOURCE.facts(provider, ModelInfo(name, price_vendor=price_vendor))
    assert found is not None
    return found


def test_a_model_has_the_limits_capabilities_efforts_and_price_of_its_record() -> None:
    found = facts("openai", "gpt-5")
    assert (found.context_window, found.max_output_tokens) == (400_000, 128_000)
    assert {Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.REASONING} <= found.capabilities
    assert found.efforts == ("minimal", "low", "medium", "high")
    assert found.price == Price(1_250_000, 10_000_000, 125_000, source="models.dev")
    assert Capability.LOGPROBS in found.unknown
    assert Capability.AUDIO_INPUT not in found.capabilities | found.unknown


def test_prices_for_long_inputs_are_tiers() -> None:
    price = facts("azure", "gpt-5.5").price
    assert price is not None
    assert price.tiers == (Tier(10_000_000, 45_000_000, 1_000_000, above_input_tokens=272_000),)


def test_the_vendor_is_that_of_the_price_list_and_else_the_provider() -> None:
    assert facts("mine", "grok-4.3", "x-ai").price is not None
    assert facts("nvidia", "z-ai/glm-5.1").context_window


def test_a_price_of_zero_counts_where_all_is_free_or_the_name_says_so() -> None:
    assert facts("openrouter", "openai/gpt-oss-20b:free").price == Price(0, 0, source="models.dev")
    assert facts("github", "openai/gpt-4o").price == Price(0, 0, source="models.dev")
    assert facts("mistral", "labs-devstral-small-2512").price is None


def test_another_version_of_a_model_states_no_price() -> None:
    found = facts("openai", "gpt-5-2025-08-07")
    assert (found.context_window, found.price) == (400_000, None)
    assert facts("bedrock", "jp.amazon.nova-pro-v1:0").context_window == 300_000


def test_records_of_other_vendors_count_only_for_capabilities_on_which_they_agree() -> None:
    found = facts("mine", "someone/deepseek-r1-distill-llama-70b")
    assert (found.context_window, found.price) == (0, None)
    assert found.capabilities == {Capability.REASONING}
    assert found.unknown == frozenset(Capability) - found.capabilities


def test_of_a_model_on_the_operators_own_server_limits_and_prices_are_not_those_of_a_vendor() -> None:
    found = SOURCE.facts("deepseek", ModelInfo("deepseek-chat", local=True))
    assert found is not None
    assert (found.context_window, found.price) == (0, None)


def test_of_a_model_without_a_record_nothing_is_stated() -> None:
    assert SOURCE.facts("openai", ModelInfo("no-such-model-9000")) is None


def test_every_record_can_be_read() -> None:
    names = [name for name in TABLE if not name.startswith("*/")]
    assert len(names) == 1487
    for name in names:
        provider, _, model = name.partition("/")
        found = facts(provider, model)
        assert found.context_window == TABLE[name].get("context", 0)
        assert found.price is None or found.price.source == "models.dev"


@pytest.mark.skipif(not RECORDS.exists(), reason=f"no records in {RECORDS}")
def test_the_table_is_what_its_script_makes_of_the_records(tmp_path: Path) -> None:
    """The script writes beside itself, so that it is run in a copy."""
    for name in ("training/make_models.py", "src/ymera_published/models.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((PLUGIN / name).read_bytes())
    made = tmp_path / "src" / "ymera_published" / "models.json"
    made.write_text("")
    subprocess.run([sys.executable, tmp_path / "training" / "make_models.py", RECORDS], check=True, timeout=60)
    assert made.read_bytes() == (PLUGIN / "src" / "ymera_published" / "models.json").read_bytes()
