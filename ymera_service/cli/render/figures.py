"""Formats money, time, token counts and enum names for people."""

from google.protobuf.duration_pb2 import Duration
from ymera.v1.usage_pb2 import Usage


def money(micros: int | None) -> str:
    """Returns an amount of micro-USD with at least two decimals and no further zeros: `$0.000042`, `$1.25`, `free`."""
    if micros is None:
        return "cost unknown"
    if micros == 0:
        return "free"
    whole, fraction = divmod(micros, 1_000_000)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{digits}"


def cost(usage: Usage) -> str:
    """Returns the cost of a usage."""
    return money(usage.cost_micros if usage.HasField("cost_micros") else None)


def seconds(value: float) -> str:
    """Returns a duration given in seconds: `0.4 ms`, `840 ms`, `1.24 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`."""
    if value < 0.0095:
        return f"{value * 1000:.1f} ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 59.995:
        return f"{value:.2f} s"
    whole = round(value)
    for name, size, part, part_size in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // part_size} {part}"
    raise AssertionError(value)


def duration(value: Duration) -> str:
    """Returns a duration."""
    return seconds(value.ToTimedelta().total_seconds())


def tokens(usage: Usage) -> str:
    """Returns input and output tokens: `12 → 45 tokens`; a tilde marks an estimate."""
    about = "~" if usage.estimated else ""
    return f"{about}{usage.input_tokens:,} → {about}{usage.output_tokens:,} tokens"


def word(name: str, prefix: str) -> str:
    """Returns an enum value's name as words: `HEALTH_STATUS_OK` without its prefix is `ok`."""
    return name.removeprefix(prefix).lower().replace("_", " ")
