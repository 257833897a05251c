"""What OpenAI and OpenRouter bill, by the day."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Protocol
from urllib.parse import urlencode

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.wire.bills import Cost, daily, dollars, pages
from ymera_service.sdk.wire.json_reader import Json, as_object, required

Fetch = Callable[[HttpRequest], Awaitable[Json]]
"""Sends a request with the admin key."""
_MOST_BUCKETS = 180


class Bills(Protocol):
    """Fetches the bills of the days from `start` on and before `end`."""

    def __call__(self, fetch: Fetch, start: date, end: date) -> Awaitable[Sequence[Bill]]:
        """Raises `ProviderError`."""
        ...


async def organization_costs(fetch: Fetch, start: date, end: date) -> Sequence[Bill]:
    """OpenAI's `GET /organization/costs` with an admin key, of the whole organization.

    https://platform.openai.com/docs/api-reference/usage/costs: buckets of a day, `start_time` and `end_time` in Unix
    seconds, `amount.value` in US dollars as a number, at most 180 buckets a page. A day without costs has a bucket
    without results.
    """
    query = {"start_time": _unix(start), "end_time": _unix(end), "bucket_width": "1d", "limit": _MOST_BUCKETS}

    async def page(token: str) -> Json:
        return await fetch(_get("/organization/costs", query | ({"page": token} if token else {})))

    return daily((cost for each in await pages(page) for cost in _of_buckets(each)), start, end)


async def activity(fetch: Fetch, start: date, end: date) -> Sequence[Bill]:
    """OpenRouter's `GET /activity` with a management key.

    https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity-grouped-by-endpoint: the last 30 completed
    days in UTC on one page, by endpoint; `usage` is what was paid with OpenRouter's credits, in US dollars. What a key
    of one's own costs elsewhere, `byok_usage_inference`, is billed by others. A day without use is not there.
    """
    body = await fetch(_get("/activity", {}))
    return daily((_of_item(as_object(item)) for item in required(body, "data", list)), start, end)


def _get(path: str, query: dict[str, object]) -> HttpRequest:
    return HttpRequest("GET", f"{path}?{urlencode(query)}" if query else path, {"accept": "application/json"})


def _unix(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _of_buckets(page: Json) -> Iterator[Cost]:
    for bucket in map(as_object, required(page, "data", list)):
        day = _day(required(bucket, "start_time", int, "data"))
        yield day, dollars(0, "usd", "")
        for result in map(as_object, required(bucket, "results", list, "data")):
            amount = required(result, "amount", dict, "data.results")
            yield day, dollars(amount.get("value"), amount.get("currency"), "data.results.amount")


def _of_item(item: Json) -> Cost:
    written = required(item, "date", str, "data")
    try:
        day = date.fromisoformat(written[:10])
    except ValueError:
        raise MalformedResponse(f"data.date: the provider sent {written[:32]!r}, which is not a day") from None
    return day, dollars(item.get("usage"), "usd", "data.usage")


def _day(seconds: int) -> date:
    try:
        return datetime.fromtimestamp(seconds, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise MalformedResponse(f"data.start_time: the provider sent {seconds}, which is not a time") from None
