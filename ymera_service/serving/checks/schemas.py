"""Checks JSON Schemas that come with a request. The same tools come again and again: results are kept."""

from functools import lru_cache
from typing import NoReturn

import jsonschema_rs
import orjson

MAX_BYTES = 256 * 1024
"""The longest schema."""
QUICK_CHARACTERS = 2 * 1024
"""Longer schemas are held against their metaschema only: compiling patterns of 100 KB takes more than a second."""

DRAFTS = frozenset(
    {
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-04/schema",
    }
)


def schema_fault(schema: str) -> str:
    """Returns what is wrong with a JSON Schema and how to mend it; empty if it is valid.

    Never opens a connection, whatever the schema refers to.
    """
    size = len(schema) if schema.isascii() else len(schema.encode())
    if size > MAX_BYTES:
        return f"has {size:,} bytes; a schema may have at most {MAX_BYTES:,}"
    return _fault(schema)


@lru_cache(maxsize=256)
def _fault(schema: str) -> str:
    try:
        document = orjson.loads(schema)
    except orjson.JSONDecodeError as error:
        return f"is not JSON: {error}"
    if not isinstance(document, dict):
        return "has to be a JSON object that holds a JSON Schema"
    quick = len(schema) <= QUICK_CHARACTERS
    return _draft_fault(document.get("$schema")) or _schema_fault(document, compiled=quick)


def _draft_fault(draft: object) -> str:
    if draft is None or (isinstance(draft, str) and draft.removesuffix("#") in DRAFTS):
        return ""
    return f"names the unknown draft {str(draft)[:100]!r} in $schema; write it for draft 2020-12"


def _schema_fault(document: dict[str, object], *, compiled: bool) -> str:
    """Compiling finds bad patterns and references too."""
    try:
        if compiled:
            jsonschema_rs.validator_for(document, retriever=_refuse)
        else:
            jsonschema_rs.meta.validate(document)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(str(step) for step in error.instance_path)
        return f"is not a valid JSON Schema{f' at {where}' if where else ''}: {error.message[:300]}"
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return f"is not a usable JSON Schema: {str(error)[:300]}"
    return ""


def _refuse(uri: str) -> NoReturn:
    raise LookupError(f"{uri} is not part of the schema; put it under $defs")
