"""Work other than answering prompts."""

from collections.abc import Sequence

from ymera_service.routing.decision import ANY_PREFERENCES, Preferences
from ymera_service.sdk.work import CountRequest, EmbedRequest, ModerateRequest, RerankRequest, WorkRequest
from ymera_service.serving.checks.preferences import check_preferences
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.violations import Violations

MAX_DIMENSIONS = 65_536

_MEANINGLESS = ("weights", "required_capabilities", "session_id", "category_hint", "hedging", "policy")
"""Preferences that mean nothing for models of such work."""


def check_work(work: WorkRequest, faults: Violations) -> None:
    """Notes every fault of the work itself."""
    match work:
        case CountRequest():
            check_prompt(work.prompt, faults)
        case RerankRequest():
            faults.text("query", work.query, required=True)
            _check_texts("documents", work.documents, faults)
            if work.top is not None:
                faults.number("top", work.top, 1)
        case ModerateRequest():
            _check_texts("inputs", work.inputs, faults)
        case EmbedRequest():
            _check_texts("inputs", work.inputs, faults)
            if work.dimensions is not None:
                faults.number("dimensions", work.dimensions, 1, MAX_DIMENSIONS)


def _check_texts(field: str, texts: Sequence[str], faults: Violations) -> None:
    if not texts:
        faults.add(field, "is empty; give at least one text")
    for i, text in enumerate(texts):
        if not text or "\0" in text:
            faults.text(f"{field}[{i}]", text, required=True)


def check_work_preferences(preferences: Preferences, faults: Violations) -> None:
    """Notes every fault under `preferences`, those included that say nothing here."""
    check_preferences(preferences, faults)
    for name in _MEANINGLESS:
        if getattr(preferences, name) != getattr(ANY_PREFERENCES, name):
            faults.add(f"preferences.{name}", "does not apply to this method; leave it out")
