"""JSON that a JSON Schema accepts, filled from the words of the prompt as far as they fit."""

import json
from typing import Any

from ymera_service.sdk.generation import ResponseFormat, ResponseType
from ymera_simulator.schemas.example import Example
from ymera_simulator.schemas.facts import Facts


def json_answer(form: ResponseFormat, question: str, said: str | None) -> str:
    """Returns an answer as JSON text; `said` is the answer in words where there is one."""
    if form.type is ResponseType.JSON_OBJECT:
        answer: object = {"answer": said, "simulated": True} if said else {"question": question, "simulated": True}
    else:
        answer = example_of(form.schema, question, said)
    return json.dumps(answer, ensure_ascii=False)


def example_of(schema: str, question: str, said: str | None = None) -> Any:
    """Returns a value that the schema accepts; an empty schema takes an empty object."""
    document = json.loads(schema) if schema.strip() else {"type": "object", "properties": {}}
    return Example(document, Facts(question, said)).value()
