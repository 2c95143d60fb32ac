"""Which words of running text are secrets because of the name that stands before them.

A name is found first; only then is its value read, so that a pair inside another pair's value
(`note="TOKEN=..."`) is met as well. A value that is hidden is passed over whole, and one that is
only suspected is read no further than 512 characters: the work stays linear in the text.
"""

from __future__ import annotations

import re

from registry.secret_keys import (
    is_secret_in_text,
    is_suspicious,
    looks_random,
    stays_in_text,
)
from registry.secret_shapes import REDACTED

_KEY = r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]{0,255}+)"
_PAIR = re.compile(
    r"(?<![A-Za-z0-9_])" + _KEY + r"(?P<close>\\{0,3}[\"'`]?)\]?[ \t]{0,4}"
    r"(?P<sign>=>|:=|==?|:)(?P<space>[ \t]{0,4})"
)
_FLAG = re.compile(
    r"(?<![A-Za-z0-9_-])--" + _KEY + r"(?P<sign>[ \t]{1,4}(?!-)|\\{0,3}[\"']\s{0,4},\s{0,4})"
)
_NAMED = re.compile(
    r"\b(?:key|name)\\{0,3}[\"']?\s{0,16}[:=]\s{0,16}\\{0,3}[\"']?" + _KEY + r"\\{0,3}[\"']?"
    r"\s{0,16},?\s{0,64}\\{0,3}[\"']?value\\{0,3}[\"']?\s{0,16}(?:[:=]\s{0,16})?"
    r"(?:\{\s{0,64}string_value\s{0,16}:\s{0,16})?",
    re.IGNORECASE,
)
"""A parameter of Triton's config.pbtxt; an environment variable as Kubernetes and ECS list it."""

_TOLD = re.compile(
    r"(?i)(?<![A-Za-z0-9])(?:secret|token|password|passwd|passphrase|credentials?|pat"
    r"|(?:api|access|private|secret|signing|session)[ _-]?(?:key|token)(?:[ _-]?id)?)"
    r"(?:[ \t]{1,4}(?:is|was|of|for|to|key|id)){0,3}[\s:=(\"'`>-]{1,8}"
    r"(?P<value>[A-Za-z0-9+/=_~-]{20,512}+)"
)
"""A key told in a sentence: the secret key is wJal..."""

_QUOTED = re.compile(r"(?P<open>(?:[A-Za-z]{1,2}|\$)?(?P<escape>\\{0,3})(?P<quote>[\"'`]))")
_INSIDE = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\[^\n])*+") for quote in ('"', "'", "`")}
_INSIDE_ESCAPED = {
    quote: re.compile(rf"(?:[^{quote}\\\n]|\\{{3}}{quote}|\\(?!\\*{quote}))*+")
    for quote in ('"', "'", "`")
}
_BARE = re.compile(
    r"(?:(?i:Bearer|Basic|Token|Digest|ApiKey)[ \t]{1,4})?"
    r"(?:[^\s\"'`\\&,;}\])]|\\[^\s\"'`]"
    r"|[&,;}\])](?![&,;}\])\s\"'`\\]|$|[A-Za-z_][A-Za-z0-9_.-]{0,63}\\{0,3}[\"']?[ \t]?[=:]))++"
)
_SUSPECT = re.compile(r"\\{0,3}[\"'`]?(?P<value>[A-Za-z0-9+/=_.~-]{20,512}+)")
_STRICT = re.compile(r"(?i)(?:.*[_.-])?(?:secret|token|password|passwd|passphrase|api_?key|pwd)")
_BEARER = re.compile(r"(?i)\b(Bearer|Basic)[ \t]{1,4}([A-Za-z0-9+/=_.~-]{8,}+)")
_LONGEST_WORD = 24


def redact_pairs(text: str) -> str:
    """Return text without the values that stand after a secret's name, whatever joins the two."""
    for pattern in (_NAMED, _FLAG, _PAIR):
        text = _without_values(text, pattern)
    text = _BEARER.sub(_authorization, text)
    return _TOLD.sub(_told, text)


def _without_values(text: str, pattern: re.Pattern[str]) -> str:
    pieces: list[str] = []
    at = done = 0
    while found := pattern.search(text, at):
        at = found.end()
        place = None if _is_tight(found) else _place(text, at, found["key"])
        if place is None:
            continue
        begin, at, hidden = place
        if hidden:
            pieces += [text[done:begin], REDACTED]
            done = at
    return "".join([*pieces, text[done:]])


def _is_tight(found: re.Match[str]) -> bool:
    """Whether `name:value` without a space is an image's tag or a part of an ARN, not a pair."""
    groups = found.groupdict()
    if groups.get("sign") != ":" or groups["space"] or groups["close"]:
        return False
    return found.string[found.start() - 1 : found.start()] in (":", "/") or not _STRICT.fullmatch(
        found["key"]
    )


def _place(text: str, at: int, key: str) -> tuple[int, int, bool] | None:
    """Return where the value of a key begins and ends, and whether it is to be hidden.

    None where there is no value, or the key says nothing of it.
    """
    if not is_secret_in_text(key):
        if is_suspicious(key) and (found := _SUSPECT.match(text, at)):
            begin, end = found.span("value")
            return (begin, end, True) if looks_random(found["value"]) else None
        return None
    begin, end = _value(text, at)
    value = text[begin:end]
    if value in ("", REDACTED):
        return None
    return begin, end, not stays_in_text(key, value)


def _value(text: str, at: int) -> tuple[int, int]:
    """Return where the value at that place begins and ends, its quotes left out.

    A value whose closing quote is missing goes to the end of its line.
    """
    quoted = _QUOTED.match(text, at)
    if quoted:
        inside = _INSIDE_ESCAPED if quoted["escape"] else _INSIDE
        found = inside[quoted["quote"]].match(text, quoted.end())
    else:
        found = _BARE.match(text, at)
    return found.span() if found else (at, at)


def _authorization(found: re.Match[str]) -> str:
    scheme, value = found.groups()
    if len(value) < _LONGEST_WORD and not re.search(r"[0-9]", value):  # a word of prose
        return found.group()
    return f"{scheme} {REDACTED}"


def _told(found: re.Match[str]) -> str:
    value: str = found["value"]
    if not looks_random(value):
        return found.group()
    return found.group().removesuffix(value) + REDACTED
