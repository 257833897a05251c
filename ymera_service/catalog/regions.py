"""What the configuration states of the regions in which targets process data, before what their providers state."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.targets import Target


def with_regions(info: ModelInfo, provider: str, stated: Mapping[str, str]) -> ModelInfo:
    """Returns a model with the regions that are stated for it.

    Args:
        info: The model as its provider offers it.
        provider: The provider's name.
        stated: The regions by the ids of models or targets, or patterns of them; later ones take precedence.
    """
    if not stated:
        return info
    name, deployments = f"{provider}/{info.name}", []
    for deployment in info.deployments:
        ids = (name, Target(provider, name, deployment).id)
        found = [region for pattern, region in stated.items() if any(fnmatchcase(each, pattern) for each in ids)]
        deployments.append(replace(deployment, region=found[-1]) if found else deployment)
    return replace(info, deployments=tuple(deployments))
