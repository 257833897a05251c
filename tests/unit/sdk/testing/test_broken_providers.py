"""The kit accepts a sound provider and rejects fifteen broken ones, each for what is wrong with it."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

BROKEN = {
    "DropsToolResults": "test_tool_calls_and_their_results_are_sent",
    "DropsImages": "test_images_are_sent",
    "DropsTurns": "test_every_turn_is_sent",
    "IgnoresLimits": "test_the_limit_of_output_tokens_is_kept",
    "IgnoresToolChoice": "test_tools_and_the_choice_among_them_are_sent",
    "WrongErrors": "test_the_type_of_an_error_fits_its_status",
    "CrashingErrors": "test_any_error_status_is_a_provider_error",
    "Silent": "test_part_of_an_answer_is_never_reported_as_the_whole",
    "Splitting": "test_the_answer_does_not_depend_on_how_its_bytes_arrive",
    "KeyInError": "test_no_error_contains_a_credential",
    "SwallowsBreaks": "test_an_answer_that_breaks_off_is_not_reported_as_whole",
    "BlocksTheLoop": "test_the_event_loop_is_not_held",
    "HidesCancellation": "test_a_cancelled_call_ends_immediately",
    "MixesCalls": "test_concurrent_calls_do_not_mix",
    "Overpriced": "test_its_models_are_valid",
}


@pytest.fixture(scope="module")
def rejected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """The tests that failed, by provider; those that passed everything have none."""
    folder = tmp_path_factory.mktemp("kit")
    file = Path(__file__).with_name("broken_providers.py")
    options = ["-c", "/dev/null", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "--import-mode=importlib"]
    report = folder / "report.xml"
    # Of each broken provider, only the test that has to reject it: the rest would take a minute.
    wanted = [f"(Test{provider} and {test})" for provider, test in BROKEN.items()]
    options += ["-k", " or ".join(["TestSound", *wanted])]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", *options, f"--junit-xml={report}", str(file)]
    subprocess.run(command, check=False, capture_output=True, cwd=folder, timeout=100)
    failed: dict[str, set[str]] = defaultdict(set)
    for case in ET.parse(report).iter("testcase"):
        provider = case.get("classname", "").rpartition("Test")[2]
        name = case.get("name", "").partition("[")[0]
        failed[provider] |= {name} if case.find("failure") is not None or case.find("error") is not None else set()
    return failed


def test_a_sound_provider_passes(rejected: Mapping[str, set[str]]) -> None:
    assert rejected["Sound"] == set()


@pytest.mark.parametrize("provider", BROKEN)
def test_a_broken_provider_is_rejected_for_what_is_wrong_with_it(
    rejected: Mapping[str, set[str]], provider: str
) -> None:
    assert BROKEN[provider] in rejected[provider]
