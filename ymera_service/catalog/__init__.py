"""Which models are offered, what they can do and what they cost.

Read in this order: `discovery` (asking a provider), `prices` (what lists say of a model), `matching` (how a
caller may name models), `snapshot` (the models at one time), `versions` (how they are stored), `catalog`
(asks all providers and replaces the snapshot).
"""

from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.sdk.models import Model

__all__ = ["Catalog", "CatalogSnapshot", "Model"]
