"""The request that a stored decision was made for, as far as routing needs it."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from ymera_service.routing.decision import Decision, Preferences
from ymera_service.routing.operations import work_needs
from ymera_service.routing.prompts.estimate import needs_for
from ymera_service.routing.snapshot import RoutingRequest
from ymera_service.sdk.models import Capability
from ymera_service.storage.records import Operation


class NotRecomputable(Exception):
    """A decision can't be computed again; the message says why, for people."""


def request_of(decision: Decision, operation: Operation) -> RoutingRequest:
    """Returns the request of a decision, for a full view.

    Raises:
        NotRecomputable: What is stored does not suffice.
    """
    inputs = decision.inputs
    if inputs.preferences is None:
        raise NotRecomputable("the preferences of the request were too long to be stored")
    try:
        preferences = _preferences().validate_python(inputs.preferences)
        capabilities = frozenset(map(Capability, inputs.capabilities))
    except (ValidationError, ValueError) as error:
        raise NotRecomputable("another version of Ymera stored the inputs") from error
    probabilities = decision.category_probabilities
    if operation is not Operation.CHAT:
        return RoutingRequest(
            preferences, probabilities, work_needs(inputs.input_tokens), full_view=True, cheapest=True
        )
    needs = needs_for(capabilities, inputs.input_tokens, inputs.max_output_tokens or None, inputs.output_tokens)
    return RoutingRequest(
        preferences,
        probabilities,
        needs,
        full_view=True,
        emotions=decision.emotions,
        complexity=decision.complexity,
        assignment=decision.assignment,
        agent=decision.agent,
    )


@cache
def _preferences() -> TypeAdapter[Preferences]:
    return TypeAdapter(Preferences)
