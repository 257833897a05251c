"""AWS's own description of its API."""

from functools import cache
from typing import Any

from botocore.session import Session  # type: ignore[import-untyped]  # it has no types
from botocore.validate import ParamValidator  # type: ignore[import-untyped]  # it has no types


@cache
def _model(service: str) -> Any:
    return Session().get_service_model(service)


def faults(body: dict[str, Any], operation: str, service: str = "bedrock-runtime", **address: str) -> str:
    """Returns what AWS's own client would refuse in a body; empty if nothing."""
    shape = _model(service).operation_model(operation).input_shape
    return str(ParamValidator().validate(body | address, shape).generate_report())
