"""Harm in texts, by lists of words. Meaning plays no part."""

import re

from ymera_service.sdk.work import Finding, Harm, Verdict

_WORDS = {
    Harm.VIOLENCE: frozenset({"kill", "murder", "stab", "shoot", "attack"}),
    Harm.SELF_HARM: frozenset({"suicide", "overdose", "cutting"}),
    Harm.HARASSMENT: frozenset({"idiot", "moron", "loser"}),
    Harm.ILLICIT: frozenset({"bomb", "cocaine", "counterfeit"}),
}
_WORD = re.compile(r"\w{1,64}")


def verdict_on(text: str) -> Verdict:
    """Returns which lists a text has words of; the score is the share of such words, times ten, up to 1."""
    words = _WORD.findall(text.casefold())
    findings = []
    for harm, listed in _WORDS.items():
        count = sum(word in listed for word in words)
        findings.append(Finding(harm, f"sim/{harm}", count > 0, min(10 * count / max(len(words), 1), 1)))
    return Verdict(any(finding.flagged for finding in findings), tuple(findings))
