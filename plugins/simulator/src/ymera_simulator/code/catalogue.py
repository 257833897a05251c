"""Well-known programs, each described once in a small typed language that looks like Python.

`printer` writes them in other languages. The small language has whole numbers (`int`), `bool`, `str`,
lists of numbers, `if`, `while`, `for … in range(…)`, functions, and `print` of one value.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A program: what it is called in a request, and how it goes. `lists` keeps it out of shells."""

    name: str
    asked_by: str
    source: str


PROGRAMS = (
    Program("hello world", r"hello,? ?world", 'print("Hello, World!")\n'),
    Program(
        "FizzBuzz",
        r"fizz ?-?buzz",
        """
def fizzbuzz(n: int) -> None:
    for i in range(1, n + 1):
        if i % 15 == 0:
            print("FizzBuzz")
        elif i % 3 == 0:
            print("Fizz")
        elif i % 5 == 0:
            print("Buzz")
        else:
            print(i)

fizzbuzz(100)
""",
    ),
    Program(
        "factorial",
        r"factorial",
        """
def factorial(n: int) -> int:
    result: int = 1
    for i in range(2, n + 1):
        result = result * i
    return result

print(factorial(10))
""",
    ),
    Program(
        "Fibonacci numbers",
        r"fibonacci",
        """
def fibonacci(n: int) -> int:
    previous: int = 0
    current: int = 1
    for i in range(n):
        following: int = previous + current
        previous = current
        current = following
    return previous

for i in range(10):
    print(fibonacci(i))
""",
    ),
    Program(
        "greatest common divisor",
        r"\bgcd\b|greatest common divisor|\bhcf\b",
        """
def gcd(a: int, b: int) -> int:
    while b != 0:
        rest: int = a % b
        a = b
        b = rest
    return a

print(gcd(48, 36))
""",
    ),
    Program(
        "least common multiple",
        r"\blcm\b|least common multiple",
        """
def gcd(a: int, b: int) -> int:
    while b != 0:
        rest: int = a % b
        a = b
        b = rest
    return a

def lcm(a: int, b: int) -> int:
    return a // gcd(a, b) * b

print(lcm(12, 18))
""",
    ),
    Program(
        "primes",
        r"\b(?:list|print|all|generate|find|first|up to|below|sieve)\b.*\bprimes?\b(?! factor)|prime numbers",
        """
def is_prime(n: int) -> bool:
    if n < 2:
        return False
    divisor: int = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor = divisor + 1
    return True

for n in range(2, 50):
    if is_prime(n):
        print(n)
""",
    ),
    Program(
        "prime test",
        r"\bprime\b",
        """
def is_prime(n: int) -> bool:
    if n < 2:
        return False
    divisor: int = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor = divisor + 1
    return True

print(is_prime(97))
""",
    ),
    Program(
        "palindrome test",
        r"palindrom",
        """
def is_palindrome(text: str) -> bool:
    return text == reverse(text)

print(is_palindrome("level"))
""",
    ),
    Program(
        "reversed string",
        r"revers\w* (?:a |the |of a |an? input |any |given )*(?:string|text|word)|string revers",
        """
print(reverse("Hello, World!"))
""",
    ),
    Program(
        "sorted list",
        r"\bsort|bubble",
        """
def sort(values: list[int]) -> None:
    n: int = len(values)
    for i in range(n):
        for j in range(n - 1 - i):
            if values[j] > values[j + 1]:
                swap: int = values[j]
                values[j] = values[j + 1]
                values[j + 1] = swap

numbers: list[int] = [5, 2, 9, 1, 7]
sort(numbers)
for i in range(len(numbers)):
    print(numbers[i])
""",
    ),
    Program(
        "binary search",
        r"binary search",
        """
def binary_search(values: list[int], wanted: int) -> int:
    low: int = 0
    high: int = len(values) - 1
    while low <= high:
        middle: int = (low + high) // 2
        if values[middle] == wanted:
            return middle
        elif values[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1

numbers: list[int] = [1, 3, 5, 7, 9, 11]
print(binary_search(numbers, 7))
""",
    ),
    Program(
        "largest of a list",
        r"\b(?:max|maximum|largest|biggest|greatest)\b.*\b(?:list|array|numbers|elements|integers|values)\b",
        """
def largest(values: list[int]) -> int:
    best: int = values[0]
    for i in range(1, len(values)):
        if values[i] > best:
            best = values[i]
    return best

numbers: list[int] = [3, 41, 12, 9, 74, 15]
print(largest(numbers))
""",
    ),
    Program(
        "smallest of a list",
        r"\b(?:min|minimum|smallest)\b.*\b(?:list|array|numbers|elements|integers|values)\b",
        """
def smallest(values: list[int]) -> int:
    best: int = values[0]
    for i in range(1, len(values)):
        if values[i] < best:
            best = values[i]
    return best

numbers: list[int] = [3, 41, 12, 9, 74, 15]
print(smallest(numbers))
""",
    ),
    Program(
        "sum of a list",
        r"\b(?:sum|adds? up|total)\b.*\b(?:list|array|numbers|elements|integers|slice|vector)\b",
        """
def total(values: list[int]) -> int:
    result: int = 0
    for i in range(len(values)):
        result = result + values[i]
    return result

numbers: list[int] = [3, 1, 4, 1, 5, 9]
print(total(numbers))
""",
    ),
    Program(
        "sum of digits",
        r"sum of (?:the |its )?digits|digit sum|adds? (?:up )?(?:the |its )?digits",
        """
def digit_sum(n: int) -> int:
    result: int = 0
    while n > 0:
        result = result + n % 10
        n = n // 10
    return result

print(digit_sum(12345))
""",
    ),
    Program(
        "even or odd",
        r"\b(?:even|odd)\b",
        """
def is_even(n: int) -> bool:
    return n % 2 == 0

print(is_even(42))
""",
    ),
    Program(
        "leap year",
        r"leap year",
        """
def is_leap_year(year: int) -> bool:
    if year % 400 == 0:
        return True
    if year % 100 == 0:
        return False
    return year % 4 == 0

print(is_leap_year(2024))
""",
    ),
    Program(
        "power",
        r"\b(?:power|exponent)",
        """
def power(base: int, exponent: int) -> int:
    result: int = 1
    for i in range(exponent):
        result = result * base
    return result

print(power(2, 10))
""",
    ),
    Program(
        "sum of two numbers",
        r"\b(?:adds?|sum)\b.*\b(?:two|2|both)\b|\btwo numbers\b",
        """
def add(a: int, b: int) -> int:
    return a + b

print(add(2, 3))
""",
    ),
    Program(
        "counting",
        r"\b(?:counts?|numbers?|loop)\b.*\b(?:from )?(?:1|one)\b.*\b(?:to|through)\b",
        """
for i in range(1, 11):
    print(i)
""",
    ),
)


_BEYOND = re.compile(
    r"\b(?:sublists?|tuples?|dictionar\w+|matrix|matrices|lambda|nested|length|regex|regular expression|class|"
    r"file|csv|api|database|"
    r"linked|tree|graph|divisible|difference|product|kth|nth|th|each|pairs?|subsets?|substrings?|subarrays?|"
    r"sequence|insertion|"
    r"merge|quick|heap|frequency|given condition|unique|duplicate|common|words|strings)\b"
)
"""Words of requests that want more than the plain program they also name."""


def program_for(request: str) -> Program | None:
    """Returns the program that lower-case text asks for; none where it asks for more than that."""
    if _BEYOND.search(re.sub(r"greatest common|least common|n-?th fibonacci", "", request)):
        return None
    return next((program for program in PROGRAMS if re.search(program.asked_by, request)), None)
