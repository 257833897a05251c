"""The caller's own parameters for providers."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.options import MAX_BYTES
from ymera_service.serving.checks.violations import Violations

Options = Mapping[str, Mapping[str, Any]]
NO_OPTIONS: Options = {}
LARGEST_EXACT = 2**53
"""Up to here a float holds every whole number."""


def options_of(options: Mapping[str, Struct], faults: Violations) -> Options:
    """Returns the options by provider; the checks are in `serving.checks`."""
    if not options:
        return NO_OPTIONS
    if not fits("provider_options", len(options), faults):
        return NO_OPTIONS
    if (size := sum([struct.ByteSize() for struct in options.values()])) > MAX_BYTES:
        faults.add("provider_options", f"have {size:,} bytes; at most {MAX_BYTES:,} are allowed")
        return NO_OPTIONS
    return {provider: object_of(struct) for provider, struct in options.items()}


def object_of(struct: Struct) -> dict[str, Any]:
    """Returns a struct as JSON has it."""
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return object_of(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "number_value":
            # A Struct knows floats only, and providers refuse 5.0 where they want 5.
            number = value.number_value
            return int(number) if abs(number) <= LARGEST_EXACT and number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None
