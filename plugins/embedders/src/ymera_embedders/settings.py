"""The plugin's settings."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from ymera_service.sdk.settings import KeySettings, PluginSettings

NAMES = ("voyage", "jina")
"""The vendors; `vendors` has a row for each."""

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]


class VendorSettings(KeySettings):
    """One vendor."""

    base_url: Address | None = None
    """Another address of the same API."""
    models: tuple[str, ...] = ()
    """The models to offer, instead of those that the vendor documents."""


class EmbeddersSettings(PluginSettings):
    """The table `[plugins.embedders]`."""

    vendors: dict[str, VendorSettings] = Field(default_factory=dict)
    """By vendor name. A vendor whose key is in the environment needs no table."""

    @field_validator("vendors")
    @classmethod
    def _vendors_are_known(cls, vendors: dict[str, VendorSettings]) -> dict[str, VendorSettings]:
        if unknown := sorted(vendors.keys() - set(NAMES)):
            raise ValueError(f"unknown vendor {', '.join(unknown)}; known are {', '.join(NAMES)}")
        return vendors
