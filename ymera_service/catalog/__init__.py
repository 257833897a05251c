"""Which models there are, what they can do and what they cost.

Read in this order: `models` (a model as the house knows it), `discovery` (asking a provider), `prices`
(what lists say of a model), `matching` (how a caller may name models), `catalog` (the snapshot that
everybody reads).
"""

from ymera_service.catalog.catalog import Catalog
from ymera_service.sdk.models import Model

__all__ = ["Catalog", "Model"]
