"""The models on offer, their capabilities and prices.

Read in this order: `discovery` (lists a provider's models), `prices` (price lists), `facts` (what is known of a model,
and from whom), `sources` (asks everyone who knows something), `matching` (the patterns with which callers name models),
`snapshot` (the models at one time), `versions` (how they are stored), `kept` (lists for later starts), `catalog`
(queries all providers and replaces the snapshot), `balanced` (names in `[balancing]` that mean nothing).
"""

from ymera_service.catalog.balanced import BalancedCatalog
from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.sdk.models import Model

__all__ = ["BalancedCatalog", "Catalog", "CatalogSnapshot", "Model"]
