"""Regions of AWS: their addresses, and where the data of a call are processed."""

import re
from dataclasses import dataclass

from ymera_service.sdk.http import Endpoint

_GEOGRAPHY = re.compile(r"(global|apac|us-gov|[a-z]{2})\.")
"""Begins the name of an inference profile; names of vendors are longer than two letters."""
_ELSEWHERE = re.compile(r":(application-inference-profile|inference-profile|default-prompt-router|prompt-router)/")


@dataclass(frozen=True, slots=True)
class Region:
    """The addresses of a region: where models are called, and where they are listed."""

    runtime: Endpoint
    control: Endpoint

    @classmethod
    def of(cls, name: str, base_url: str | None = None) -> "Region":
        """Returns a region of AWS; at another host both addresses are that of `base_url`."""
        if base_url:
            only = Endpoint(base_url.replace("{region}", name))
            return cls(only, only)
        suffix = f"{name}.amazonaws.com" + (".cn" if name.startswith("cn-") else "")
        return cls(Endpoint(f"https://bedrock-runtime.{suffix}"), Endpoint(f"https://bedrock.{suffix}"))


def data_region(model: str, called: str) -> str:
    """Returns where the data of a call are processed; empty if that is not known.

    Args:
        model: The name of a model or an inference profile, or an ARN. A profile sends calls anywhere in its geography.
        called: The region that is called.
    """
    if _ELSEWHERE.search(model):
        return ""
    geography = _GEOGRAPHY.match(model)
    found = geography[1] if geography else called
    return "" if found == "global" else found
