"""What models.dev's records state of models: limits, capabilities, prices and deprecation.

How the table was made is in `training/make_models.py`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from importlib.resources import files
from typing import Any

from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import Capability, ModelInfo, Price, Tier

_PRICE_LISTS = {"aws": "bedrock", "google": "gemini", "moonshotai": "moonshot", "x-ai": "xai"}
"""Names of price lists whose vendor has another name here."""
_GEOGRAPHY = re.compile(r"^(us|us-gov|eu|apac|au|jp|ca|global)\.")
"""Of Bedrock's inference profiles."""
_VERSION = re.compile(r"(-latest|-\d{4}-\d{2}-\d{2}|-\d{4,8}|@\w+)$")
_TAKEN = date(2026, 7, 2)
_ALL = frozenset(Capability)
_BY_NAME = {capability.value: capability for capability in Capability}

Row = Mapping[str, Any]


class PublishedFacts(FactSource):
    """The facts named "published"."""

    name = "published"
    origin = "models.dev"
    taken = _TAKEN

    def facts(self, provider: str, model: ModelInfo) -> ModelInfo | None:
        """See `FactSource.facts`.

        A record of another version of the model tells its capabilities and limits, not its price; one of another
        vendor tells only the capabilities that it has at all of them.
        """
        if model.simulated:
            return None
        vendor = _PRICE_LISTS.get(model.price_vendor, model.price_vendor) or provider
        name = model.name.lower().removeprefix("ft:")
        if not model.local:
            if row := self._rows.get(f"{vendor}/{name}"):
                return _stated(model.name, row)
            for other in (_GEOGRAPHY.sub("", name), _VERSION.sub("", name), name.partition(":")[0]):
                if row := self._rows.get(f"{vendor}/{other}"):
                    return _stated(
                        model.name, {key: row[key] for key in row if key not in ("price", "tiers", "deprecated")}
                    )
        bare = name.rpartition("/")[2].partition(":")[0]
        row = self._rows.get(f"*/{bare}") or self._rows.get(f"*/{_VERSION.sub('', bare)}")
        return _stated(model.name, row) if row else None

    @cached_property
    def _rows(self) -> Mapping[str, Row]:
        table = json.loads(files("ymera_published").joinpath("models.json").read_text())
        if table["taken_at"] != self.taken.isoformat():
            raise ValueError(f"models.json was taken on {table['taken_at']}, not on {self.taken}")
        rows: Mapping[str, Row] = table["models"]
        return rows


def _stated(name: str, row: Row) -> ModelInfo:
    has, lacks = _capabilities(row, "has"), _capabilities(row, "lacks")
    efforts = row.get("efforts")
    return ModelInfo(
        name,
        has,
        unknown=_ALL - has - lacks,
        context_window=row.get("context", 0),
        max_output_tokens=row.get("output", 0),
        price=_price(row),
        efforts=None if efforts is None else tuple(efforts.split()),
        deprecated=row.get("deprecated"),
    )


def _capabilities(row: Row, name: str) -> frozenset[Capability]:
    return frozenset(_BY_NAME[word] for word in row.get(name, "").split())


def _price(row: Row) -> Price | None:
    if "price" not in row:
        return None
    tiers = tuple(Tier(*_rates(rates), above_input_tokens=above) for above, *rates in row.get("tiers", ()))
    return Price(*_rates(row["price"]), per_request=_micros(row.get("request", 0)), tiers=tiers, source="models.dev")


def _rates(usd: Sequence[float | None]) -> tuple[int, int, int | None, int | None, int | None]:
    read, written, reasoning = (None if each is None else _micros(each) for each in usd[2:])
    return _micros(usd[0] or 0), _micros(usd[1] or 0), read, written, reasoning


def _micros(usd: float) -> int:
    return round(Decimal(str(usd)) * 1_000_000)
