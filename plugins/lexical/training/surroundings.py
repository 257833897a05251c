"""Long texts that requests stand in: code, manuals, documents, logs, mails and conversations.

Code and manuals are those of Python's standard library; all others are put together from lines written here. Mails
and conversations have requests too, which are made to somebody else.
"""

import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from pydoc_data.topics import topics
from random import Random

PLACES = ("start", "middle", "end")
NAMES = ("Anna", "Ben", "Chidi", "Dora", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jun", "Kate", "Luis", "Mira", "Noah")
THINGS = (
    *("budget", "roof", "timetable", "contract", "printer", "newsletter", "kitchen", "survey", "invoice", "website"),
    *("van", "exhibition", "insurance", "server", "garden", "archive", "delivery", "heating", "software", "report"),
)
STATEMENTS = (
    "The {a} was discussed at length, and the decision on the {b} was put off until spring.",
    "Costs of the {a} rose by {n} % over the year, mainly because of the {b}.",
    "{p} reported that the {a} had been finished two weeks ahead of the plan.",
    "Residents had complained about the {a} since {y}, but little was done before {p} took office.",
    "The {a} is kept in the basement, next to the {b}, and may only be used by trained staff.",
    "In {y} the association counted {n} members, of whom about a third took part in the {a}.",
    "According to {p}, the {b} will have to be replaced within {n} months.",
    "The supplier shall deliver the {a} within {n} days, and bears the risk until it is handed over.",
    "Neither party is liable for delays of the {b} that are caused by events beyond its control.",
    "Section {n} applies to the {a} as well, unless the parties have agreed otherwise in writing.",
    "A sample of {n} households was interviewed about the {a}; most were satisfied with the {b}.",
    "It rained for most of the week, so that the {a} had to be moved indoors.",
    "No significant relation between the {a} and the {b} was found (n = {n}).",
    "{p} walked along the river, thinking of the {a} and of the letter that had arrived that morning.",
    "The old {a} stood at the end of the road, half hidden by elms, and nobody had opened its door since {y}.",
    "Visitors can reach the {a} by bus {n}, which leaves every ten minutes from the central station.",
    "The committee thanks {p} for {n} years of work on the {b}.",
    "First figures for the {a} are expected in autumn; the final ones follow in {y}.",
    "Both the {a} and the {b} were insured, and the damage of {n},000 euros was paid in full.",
    "Who owns the {a}, and who pays for the {b}? The court had to answer both questions in {y}.",
    "What remains is the question of the {b}.",
)
HEADINGS = ("Summary", "Background", "2. Scope", "Results", "Minutes", "§ 4 Delivery", "Outlook", "Method", "History")
LOG_LINES = (
    "2026-0{d}-1{d} 0{d}:{m}:{s},{t} INFO  [{w}] com.acme.{a}.Service - {a} {n} loaded in {t} ms",
    "2026-0{d}-1{d} 0{d}:{m}:{s},{t} WARN  [{w}] com.acme.{a}.Pool - no free connection for {b}, waiting",
    "2026-0{d}-1{d} 0{d}:{m}:{s},{t} ERROR [{w}] com.acme.{b}.Job - failed after {n} attempts: timeout",
    "[0{d}:{m}:{s}] {a}: request {n} answered with 200 in {t}ms",
    "[0{d}:{m}:{s}] {a}: cannot open /srv/{b}/{n}.dat: permission denied",
    '10.0.{d}.{n} - - [1{d}/Mar/2026:0{d}:{m}:{s} +0000] "GET /{a}/{n} HTTP/1.1" 404 {t} "-" "curl/8.5.0"',
    "Mar 1{d} 0{d}:{m}:{s} host-{n} kernel: [{t}.{n}] {a}: link is not ready",
    "Mar 1{d} 0{d}:{m}:{s} host-{n} systemd[1]: Started {a} of user {p}.",
    'level=info ts=2026-0{d}-1{d}T0{d}:{m}:{s}Z caller=main.go:{n} msg="{a} ready" duration={t}ms',
    '{{"level":"debug","time":17{n}{t},"logger":"{a}","msg":"retrying {b}","attempt":{d}}}',
    "\tat com.acme.{a}.Handler.run(Handler.java:{n})",
    "Traceback (most recent call last):",
    '  File "/srv/app/{a}.py", line {n}, in run',
    "ConnectionError: {b} did not answer within {d} s",
)
MAIL_LINES = (
    "thank you for your message about the {a}.",
    "I spoke to {p} yesterday, and the {b} is settled.",
    "Could you send me the figures for the {a} by Friday?",
    "Please find the {b} attached.",
    "Can you make Tuesday at {d}? Otherwise I would ask {p}.",
    "As you know, we have had trouble with the {a} for {n} days.",
    "Please let me know whether the {b} suits you.",
    "What do you think of the {a}? I am not sure about it myself.",
    "We are happy to inform you that the {b} has been approved.",
    "Your order {n}{t} has been shipped and should arrive within {d} days.",
    "I have put {p} in copy, who looks after the {a}.",
    "Do you still have the keys of the {b}?",
    "Tell {p} that I will bring the {a} on Monday.",
    "Sorry for the late reply, it has been a busy week.",
)
MAIL_STARTS = ("Dear {p},", "Hi {p},", "Hello {p},", "{p},", "Dear Sir or Madam,")
MAIL_ENDS = (
    "Best regards,\n{p}",
    "Thanks!\n{p}",
    "Kind regards\n{p}\nHead of {a}",
    "Cheers, {p}",
    "-- \n{p} | +49 30 {n}{t}",
)
CHAT_LINES = (
    "did you see the {a}?",
    "yes, {p} showed it to me",
    "no idea tbh",
    "can you bring the {b} tomorrow?",
    "sure, at {d}?",
    "lol",
    "I love the new {a}, who made it?",
    "what time does the {b} start",
    "we could ask {p} about it",
    "that was {n} days ago!",
    "write me when you are there",
    "I'm so tired, the {a} took the whole night",
    "how much was it?",
    "{n} euros, way too much",
    "haha ok",
    "please don't tell {p}",
    "help me with the {b}, it is stuck again",
    "good morning everyone",
)
CHAT_FORMATS = ("{p}: {line}", "[{d}:{m}] {p}: {line}", "{p} ({d}:{m} PM)\n{line}", "<{p}> {line}", "**{p}**: {line}")


def _filled(line: str, random: Random, **others: str) -> str:
    a, b = random.sample(THINGS, 2)
    figures = {"n": random.randint(10, 99), "d": random.randint(1, 9), "m": random.randint(10, 59)}
    figures |= {"s": random.randint(10, 59), "t": random.randint(100, 999), "y": random.randint(1890, 2025)}
    return line.format(a=a, b=b, p=random.choice(NAMES), w=f"worker-{random.randint(1, 9)}", **figures, **others)


def code(size: int, random: Random) -> str:
    """Returns a part of a module of the standard library."""
    path = Path(sysconfig.get_paths()["stdlib"]) / f"{random.choice(MODULES)}.py"
    return _part(path.read_text(encoding="utf-8"), size, random)


def manual(size: int, random: Random) -> str:
    """Returns a part of the language reference."""
    return _part("\n\n".join(random.sample(sorted(topics.values()), 6)), size, random)


def document(size: int, random: Random) -> str:
    """Returns paragraphs of prose under headings."""
    parts: list[str] = []
    number = random.choice(("", "", "{}. ", "({}) ", "§ {} ", "Art. {}: "))
    while sum(map(len, parts)) < size:
        if random.random() < 0.3:
            parts.append(random.choice(HEADINGS))
        text = " ".join(_filled(line, random) for line in random.choices(STATEMENTS, k=random.randint(1, 7)))
        parts.append(f"{number.format(len(parts) + 1)}{text}")
    return "\n\n".join(parts)


def log(size: int, random: Random) -> str:
    """Returns the log of one or two programs."""
    lines: list[str] = []
    of = random.sample(LOG_LINES, random.randint(2, 5))
    while sum(map(len, lines)) < size:
        lines.append(_filled(random.choice(of), random))
    return "\n".join(lines)


def mails(size: int, random: Random) -> str:
    """Returns an exchange of mails."""
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        head = _filled("From: {p}\nTo: {p}\nSubject: Re: {a}\n\n", random) if random.random() < 0.6 else ""
        lines = [_filled(line, random) for line in random.sample(MAIL_LINES, random.randint(3, 8))]
        gap = random.choice((" ", "\n\n", "\n"))
        start, end = _filled(random.choice(MAIL_STARTS), random), _filled(random.choice(MAIL_ENDS), random)
        mail = f"{head}{start}\n\n{gap.join(lines)}\n\n{end}"
        parts.append(mail.replace("\n", "\n> ") if random.random() < 0.2 else mail)
    return "\n\n".join(parts)


def chat(size: int, random: Random) -> str:
    """Returns a conversation of several people."""
    shape, people, lines = random.choice(CHAT_FORMATS), random.sample(NAMES, random.randint(2, 4)), list[str]()
    while sum(map(len, lines)) < size:
        said = _filled(random.choice(CHAT_LINES), random)
        minute = random.randint(10, 59)
        lines.append(shape.format(p=random.choice(people), line=said, d=random.randint(1, 12), m=minute))
    return "\n".join(lines)


MODULES = (
    *("argparse", "ast", "calendar", "configparser", "csv", "datetime", "difflib", "ftplib", "heapq", "imaplib"),
    *("inspect", "mailbox", "optparse", "pickle", "random", "shutil", "statistics", "tarfile", "textwrap", "turtle"),
)
KINDS: Sequence[Callable[[int, Random], str]] = (code, manual, document, log, mails, chat)


def _part(text: str, size: int, random: Random) -> str:
    start = random.randrange(max(len(text) - size, 1))
    return text[start : start + size].partition("\n")[2] or text[:size]


def placed(request: str, around: str, place: str, random: Random) -> str:
    """Returns a long text with a request at its start, in its middle or at its end."""
    fence = "```" if random.random() < 0.2 else ""
    if place == "middle":
        lines = around.split("\n")
        cut = int(len(lines) * random.uniform(0.2, 0.8))
        before, after = "\n".join(lines[:cut]), "\n".join(lines[cut:])
        if fence:
            before, after = f"{fence}\n{before}\n{fence}", f"{fence}\n{after}\n{fence}"
        gap = "\n\n" if random.random() < 0.8 else "\n"
        return f"{before}{gap}{request}{gap}{after}"
    body = f"{fence}\n{around}\n{fence}" if fence else around
    gap = "\n\n" if random.random() < 0.8 else "\n"
    return f"{request}{gap}{body}" if place == "start" else f"{body}{gap}{request}"
