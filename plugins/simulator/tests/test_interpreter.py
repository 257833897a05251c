"""The interpreter agrees with Python, keeps within its limits and lets nothing out."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_simulator.code.interpreter import Interpreter, Unsupported

PROGRAMS = [
    "print(sum(range(10)), max([3, 9, 2]), 'ab' * 3)",
    "x = [1, 2, 3]\ny = x\ny.append(4)\nx += [5]\nprint(x, y is x, x[-2:], x[::-1])",
    "def f(n, acc=1):\n    if n == 0:\n        return acc\n    return f(n - 1, acc * n)\nprint(f(6))",
    "d = {}\nfor c in 'hello':\n    d[c] = d.get(c, 0) + 1\nprint(d, sorted(d.items(), key=lambda p: (-p[1], p[0])))",
    (
        "for i in range(10):\n    if i == 2: continue\n    if i == 5: break\n    print(i, end=' ')\nelse:\n    "
        "print('never')"
    ),
    "a, (b, *c) = 1, (2, 3, 4)\na, b = b, a\nprint(a, b, c)",
    "try:\n    print(1 // 0)\nexcept ZeroDivisionError as e:\n    print('no', e)\nfinally:\n    print('end')",
    (
        "def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n        return n\n    "
        "return step\nc = counter()\nc()\nprint(c())"
    ),
    "print(f'{3.14159:.2f} {\"x\":>4} {7!r}', '{} {}'.format(1, [2]), 'a-b'.split('-'))",
    (
        "print([x * y for x in range(3) for y in range(3) if x != y], {x % 3 for x in range(9)}, {k: v for k, v in "
        "zip('ab', [1, 2])})"
    ),
    "x = 5\ndef g():\n    global x\n    x = 6\ng()\nprint(x if x > 5 else 0, not x, 1 < x < 9, x and 0 or 'z')",
    "n = 27\nsteps = 0\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    steps += 1\nprint(steps)",
    "print(list(map(lambda v: v ** 2, filter(None, [0, 1, 2]))), any([]), all([]), list(enumerate('ab', 1)))",
    "print(7 / 2, -7 // 2, -7 % 3, 2 ** 10, 5 & 3, 1 << 4, round(2.5), int('12') + True)",
]


@pytest.mark.parametrize("source", PROGRAMS)
def test_it_prints_what_python_prints(source: str) -> None:
    expected = io.StringIO()
    with contextlib.redirect_stdout(expected):
        exec(source, {})
    own = Interpreter()
    own.run(source)
    assert own.output == expected.getvalue().removesuffix("\n")


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "().__class__",
        "print.__globals__",
        "'{0.__class__}'.format(1)",
        "f = open('/etc/passwd')",
        "eval('1')",
        "class A: pass",
        "[].append.__self__",
        "getattr(1, 'real')",
        "x = lambda: 0\nx.__code__",
        "with 1 as x: pass",
        "async def f(): pass",
        "del x",
        "'%*d' % (999, 1)",
        "type(1)",
        "globals()",
        "__builtins__",
        "vars()",
        "'a'.encode()",
        "print((lambda: 0))",
    ],
)
def test_nothing_gets_out(source: str) -> None:
    with pytest.raises((Unsupported, NameError, TypeError)):
        Interpreter().run(source)


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "x = 'a' * 10**9",
        "x = 10 ** 10 ** 10",
        "x = 1 << 10**9",
        "def f(): return f()\nf()",
        "list(range(10**9))",
        "sum(range(10**9))",
        "s = 'ab'\nwhile True: s = s + s",
        "x = [1]\nwhile True: x = [x, x]",
        "x = []\nfor i in range(60): x = [x, x]\nprint(x)",
        "for i in range(99999): pass",
        "t = (1,)\nfor i in range(60): t = (t, t)\n{t: 1}",
        "'x'.zfill(10**9)",
        "('ab' * 4000).replace('a', 'c' * 5000)",
        "','.join(['ab' * 4000] * 5000)",
        "print('{:999999999}'.format(1))",
        "print(f'{1:999999999}')",
        "x = [1]\nx.extend(x * 5000)\nx.extend(x)\nx.extend(x)",
        "x = 3\nwhile True: x = x * x",
    ],
)
def test_work_and_size_are_bounded(source: str) -> None:
    with pytest.raises((Unsupported, ValueError)):
        Interpreter().run(source)


@settings(deadline=None)
@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=8),
    st.integers(-9, 9),
    st.sampled_from(["+", "-", "*", "//", "%", ">", "=="]),
)
def test_it_agrees_with_python_on_expressions(values: list[int], other: int, symbol: str) -> None:
    source = f"[v {symbol} {other} for v in sorted({values!r})][::-1]"
    try:
        expected = eval(source)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            Interpreter().value(source)
        return
    assert Interpreter().value(source) == expected
