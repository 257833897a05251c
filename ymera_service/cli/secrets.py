"""Reads providers' keys: from a prompt, standard input, a file or a variable, but never from the command line."""

import getpass
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ymera_service.cli.problems import CommandFailed, wrong

LONGEST = 1024 * 1024
"""Bytes of a file or of standard input that are read."""
_BEGINNINGS = re.compile(
    r"(sk|pk|rk|gsk|xai|hf|ghp|github_pat|nvapi|pplx|csk|r8|fw|tgp|co|jina|pa|key)[-_]\w", re.IGNORECASE
)
_LONG_WORD = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.+/=-]{24,}")
_GOOGLE = re.compile(r"AIza[\w-]{20,}")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_ON_THE_COMMAND_LINE = (
    "Other users of this machine can read a command line, and the shell keeps it. Leave the key out: it is",
    "asked for, or read from a pipe, --from-file or --from-env. Replace it at its vendor if the machine is shared.",
)


def refuse_keys(arguments: Iterable[str | None]) -> None:
    """Refuses arguments that look like keys, without repeating them.

    Raises:
        CommandFailed: One does.
    """
    for each in arguments:
        if each and (_BEGINNINGS.match(each) or _GOOGLE.match(each) or _LONG_WORD.fullmatch(each)):
            raise on_the_command_line()


def on_the_command_line() -> CommandFailed:
    """Returns the error of a key on the command line."""
    return wrong("a key is not given on the command line", *_ON_THE_COMMAND_LINE)


def read_secret(what: str, file: Path | None, variable: str) -> str:
    """Returns a key: from a file or a variable if one is named, else from a pipe, else from the keyboard, unseen.

    Raises:
        CommandFailed: There is none.
    """
    if file is not None and variable:
        raise wrong("--from-file and --from-env exclude each other")
    if file is not None:
        secret, source = contents(file), str(file)
    elif variable:
        secret, source = os.environ.get(variable, ""), f"the variable {variable}"
    elif sys.stdin.isatty():
        secret, source = getpass.getpass(f"{what} (not shown): "), "what was typed"
    else:
        secret, source = sys.stdin.read(LONGEST), "standard input"
    secret = secret.strip()
    if not re.fullmatch(r"[!-~]+", secret):
        raise wrong(f"{source} does not hold a key; a key is one word of ASCII characters")
    return secret


def contents(file: Path) -> str:
    """Returns the text of a file.

    Raises:
        CommandFailed: It can't be read.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise wrong(f"{file} can't be read: {reason}") from None


def variables_in(text: str) -> dict[str, str]:
    """Returns the variables of a `.env` file, as shells and other tools write it; other lines are passed over."""
    found = (_LINE.fullmatch(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {line[1]: _unquoted(line[2]) for line in found if line}


def _unquoted(value: str) -> str:
    for quote in "\"'":
        if len(value) > 1 and value[0] == quote and (end := value.find(quote, 1)) > 0:
            return value[1:end]
    return re.sub(r"\s+#.*", "", value)


def recognised(
    variables: Mapping[str, str], providers: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yields the variables that hold a provider's key, each with the provider, a name for the key, and the key.

    `OPENAI_API_KEY` is "default", and `OPENAI_API_KEY_2` and `OPENAI_API_KEY_TEAM_A` are "2" and "team-a". Of several
    variables of one provider that hold the same key, the first one counts.
    """
    seen: set[tuple[str, str]] = set()
    for provider, names in providers.items():
        for number, base in enumerate(names):
            for variable, value in variables.items():
                name = _name(variable, base, number)
                if name and value.strip() and (provider, value) not in seen:
                    seen.add((provider, value))
                    yield variable, provider, name, value.strip()


def _name(variable: str, base: str, number: int) -> str:
    """Returns the name of the key in a variable; empty if the variable is another one."""
    if variable == base:
        return f"default-{number + 1}" if number else "default"
    if variable.startswith(f"{base}_"):
        return re.sub(r"[^a-z0-9]+", "-", variable.removeprefix(f"{base}_").lower()).strip("-")[:63]
    return ""
