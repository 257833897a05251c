"""What Anthropic bills, by the day."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.wire.bills import Cost, daily, dollars, pages
from ymera_service.sdk.wire.json_reader import Json, as_object, required

_MOST_BUCKETS = 31
_CENTS = 100


async def cost_report(fetch: Callable[[HttpRequest], Awaitable[Json]], start: date, end: date) -> Sequence[Bill]:
    """`GET /organizations/cost_report` with an admin key, of the whole organization; without the priority tier.

    https://platform.claude.com/docs/en/api/admin/cost_report: buckets of a day in UTC, times as of RFC 3339, `amount`
    in cents as decimal text ("123.45" is $1.23), at most 31 buckets a page.

    Args:
        fetch: Sends a request with the admin key.
        start: The first day.
        end: The day after the last.

    Raises:
        ProviderError: As `Provider.billed`.
    """
    query = {"starting_at": f"{start}T00:00:00Z", "ending_at": f"{end}T00:00:00Z", "bucket_width": "1d"}
    query["limit"] = str(_MOST_BUCKETS)

    async def page(token: str) -> Json:
        asked = urlencode(query | ({"page": token} if token else {}))
        return await fetch(HttpRequest("GET", f"/organizations/cost_report?{asked}", {"accept": "application/json"}))

    return daily((cost for each in await pages(page) for cost in _of_buckets(each)), start, end)


def _of_buckets(page: Json) -> Iterator[Cost]:
    for bucket in map(as_object, required(page, "data", list)):
        day = _day(required(bucket, "starting_at", str, "data"))
        yield day, dollars(0, "usd", "")
        for result in map(as_object, required(bucket, "results", list, "data")):
            cents = dollars(result.get("amount"), result.get("currency"), "data.results.amount")
            yield day, cents / _CENTS


def _day(written: str) -> date:
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        raise MalformedResponse(f"data.starting_at: the provider sent {written[:32]!r}, which is not a time") from None
