"""The builtin functions that a program in a prompt may call."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol


class Host(Protocol):
    """What runs the program."""

    def write(self, *values: Any, sep: str = " ", end: str = "\n") -> None:
        """Is the program's `print`."""
        ...

    def call(self, function: Any, arguments: list[Any]) -> Any:
        """Calls a function."""
        ...

    def iterate(self, values: Any) -> Iterable[Any]:
        """Yields items, counted."""
        ...


_LONGEST_RANGE = 10_000


class _Offered:
    """A function that a program may call; nothing else of Python can be reached through it."""

    offered = True

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._function(*arguments, **named)


def offered(host: Host) -> dict[str, Callable[..., Any]]:
    """Returns the builtins by name; those that take functions or iterables count their steps."""

    def listed(make: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
        return lambda values=(): make(host.iterate(values))

    def by_key(choose: Callable[..., Any]) -> Callable[..., Any]:
        def chosen(*values: Any, key: Any = None, **named: Any) -> Any:
            items = list(host.iterate(values[0])) if len(values) == 1 else list(values)
            return choose(items, key=key and (lambda value: host.call(key, [value])), **named)

        return chosen

    functions: dict[str, Callable[..., Any]] = {
        "print": host.write,
        "len": len,
        "range": _range,
        "abs": abs,
        "round": round,
        "divmod": divmod,
        "pow": _power,
        "int": int,
        "float": float,
        "str": lambda value="": str(value),
        "bool": bool,
        "repr": repr,
        "chr": chr,
        "ord": ord,
        "bin": bin,
        "hex": hex,
        "sum": lambda values, start=0: sum(host.iterate(values), start),
        "any": listed(any),
        "all": listed(all),
        "list": listed(list),
        "tuple": listed(tuple),
        "set": listed(set),
        "dict": lambda pairs=(), **named: {
            **(pairs if isinstance(pairs, dict) else dict(host.iterate(pairs))),
            **named,
        },
        "min": by_key(min),
        "max": by_key(max),
        "sorted": by_key(sorted),
        "reversed": lambda values: list(host.iterate(values))[::-1],
        "enumerate": lambda values, start=0: list(enumerate(host.iterate(values), start)),
        "zip": lambda *many: list(zip(*map(host.iterate, many), strict=False)),
        "map": lambda function, *many: [
            host.call(function, list(each)) for each in zip(*map(host.iterate, many), strict=False)
        ],
        "filter": lambda test, values: [
            value for value in host.iterate(values) if (host.call(test, [value]) if test else value)
        ],
    }
    return {name: _Offered(function) for name, function in functions.items()}


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        raise ValueError("a very long range")
    return numbers


def _power(base: int, exponent: int, modulus: int) -> int:
    return pow(base, exponent, modulus)
