"""Keys of providers as tables."""

from collections.abc import Iterator, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import RenderableType
from rich.text import Text
from ymera.v1.keys_pb2 import KeyCheck, ProviderKey

from ymera_service.cli.render.figures import money, word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_STYLES = {
    "active": "green",
    "resting": "yellow",
    "unusable": "red",
    "revoked": "dim",
    "valid": "green",
    "refused": "red",
    "exhausted": "red",
    "unreachable": "yellow",
    "unknown": "yellow",
}
_COLUMNS = ("provider", "name", "key", "state", "from", "created", "last used", "calls", "cost")
_DROPS = ("created", "from", "calls", "last used", "cost", "key")
_SOURCES = {ProviderKey.SOURCE_VAULT: "vault", ProviderKey.SOURCE_CONFIGURATION: "configuration"}


def keys(found: Sequence[ProviderKey]) -> Iterator[RenderableType]:
    """Shows keys, and what is wrong with those that rest or can't be used."""
    if not found:
        yield clean("No key is stored. Add one with: ymera keys add PROVIDER")
        return
    yield table(_COLUMNS, map(_row, found), right=("calls", "cost"), folds=("provider", "name"), drops=_DROPS)
    for key in found:
        if key.detail:
            yield clean(f"{key.provider} {key.name or 'configured'}: {key.detail}", "yellow")


def checks(found: Sequence[KeyCheck]) -> Iterator[RenderableType]:
    """Shows verdicts on keys."""
    if not found:
        yield clean("No key to check. Add one with: ymera keys add PROVIDER")
        return
    rows = [
        (check.provider, check.name, _styled(word(KeyCheck.Verdict.Name(check.verdict), "VERDICT_")), check.detail)
        for check in found
    ]
    yield table(("provider", "name", "verdict", "why"), rows, drops=("why",))


def _row(key: ProviderKey) -> Sequence[object]:
    spent = money(key.cost_micros) if key.HasField("cost_micros") else "unknown" if key.attempts else ""
    return (
        key.provider,
        key.name or Text("configured", "dim"),
        key.fingerprint,
        _styled(word(ProviderKey.State.Name(key.state), "STATE_")),
        _SOURCES.get(key.source, ""),
        _day(key.created_at) if key.HasField("created_at") else "",
        _day(key.last_used_at) if key.HasField("last_used_at") else "",
        f"{key.attempts:,}" if key.attempts else "",
        spent,
    )


def _day(time: Timestamp) -> str:
    return time.ToDatetime().date().isoformat()


def _styled(state: str) -> Text:
    return Text(state, _STYLES.get(state, ""))
