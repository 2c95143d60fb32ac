"""Which text is a credential by its shape alone, whatever name stands before it.

Every pattern is linear in the text: what repeats without a bound begins at a mark that it cannot
contain, or takes all it can and never gives back (`++`).

Source: the formats that the issuers publish for their keys; RFC 7468 (PEM), RFC 7519 (JWT);
the signed URLs of S3, Cloud Storage and Azure Storage.
"""

from __future__ import annotations

import base64
import binascii
import re

from registry.secret_keys import is_secret_in_text, looks_random, stays_in_text

REDACTED = "***REDACTED***"
"""What stands in place of a secret, as the specification spells it."""

_PREFIXED = re.compile(
    r"""
      (?:hf_|api_org_)[A-Za-z0-9]{30,}+                         # Hugging Face
    | gh[pousr]_[A-Za-z0-9_]{30,}+(?:\.[A-Za-z0-9_-]++){0,2}    # GitHub
    | github_pat_[A-Za-z0-9_]{16,}+
    | nvapi-[A-Za-z0-9_-]{16,}+                                 # NVIDIA, NGC
    | glpat-[A-Za-z0-9_.-]{16,}+
    | dckr_pat_[A-Za-z0-9_-]{16,}+
    | npm_[A-Za-z0-9]{30,}+
    | pypi-[A-Za-z0-9_-]{40,}+
    | AIza[A-Za-z0-9_-]{30,}+                                   # Google
    | xox[abceoprs]-(?:xox[a-z]-)?[A-Za-z0-9-]{8,}+             # Slack
    | xapp-[0-9]-[A-Za-z0-9-]{8,}+
    | (?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9_/-]{16,}+
    | (?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Z0-9]) # AWS, its secret beside it too
        (?:[\s,:;|/"']{1,8}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=]))?
    | (?<![A-Za-z0-9])(?:
          (?:hf_|api_org_|gh[pousr]_)[A-Za-z0-9]{16,}+
        | gsk_[A-Za-z0-9]{40,}+
        | r8_[A-Za-z0-9]{36,}+
      )
    """,
    re.VERBOSE,
)
_SK = re.compile(r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}+")
_LONG_RUN = re.compile(r"[A-Za-z0-9]{12,}")
_JWT = re.compile(
    r"(?<![A-Za-z0-9_-])(?P<before>(?>[A-Za-z0-9_-]*?(?=eyJ)))"
    r"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){1,3}"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{60,160}+={0,2}(?![A-Za-z0-9])")
"""Of letters and digits, Base64 has neither plus nor slash."""
_LEGACY_NGC = re.compile(rb"[A-Za-z0-9]{16,64}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PEM = re.compile(r"-{4,5} ?BEGIN (?P<label>[A-Z0-9 ]{1,64}?) ?-{4,5}")
_PEM_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{1,64}-{4,5}")
_SLASHES = r"(?:(?<=://)|(?<=:\\/\\/))"
_LOGIN = re.compile(
    _SLASHES + r"(?:[^\s/?#@:'\"<>\\]{0,512}:[^\s/?#'\"<>\\]{0,512}@"
    r"|[^\s/?#@:'\"<>\\]{0,256}:(?![0-9]{1,5}(?:[/?#]|$))[^\s@'\"<>\\]{1,256}@)(?!sha256:)"
)
_LONE_USER = re.compile(_SLASHES + r"[^\s/?#@:'\"<>\\]{1,512}(?=@)")
_QUERY = re.compile(
    r"(?:(?<=[?&;])|(?<=%3[Ff])|(?<=%26)|(?<=u0026))"
    r"(?P<key>[A-Za-z][A-Za-z0-9_.-]{0,63}+)(?P<sign>=|%3[Dd])(?P<value>[^&;\s'\"<>\\]++)"
)
_SIGNATURE = re.compile(r"(?i)(?:.*-)?sig(?:nature)?")


def redact_shapes(text: str) -> str:
    """Return a value (an image, a URL, a name) with known kinds of credentials replaced."""
    text = _without_pem(text)
    text = _PREFIXED.sub(REDACTED, text)
    text = _SK.sub(_openai, text)
    text = _JWT.sub(rf"\g<before>{REDACTED}", text)
    text = _BASE64.sub(_ngc, text)
    text = _LOGIN.sub(f"{REDACTED}@", text)
    text = _LONE_USER.sub(_user, text)
    return _QUERY.sub(_query, text)


def _without_pem(text: str) -> str:
    """Replace each PEM block; a private key that is cut off goes to the end of the text."""
    pieces: list[str] = []
    at = done = 0
    ends = True
    while begin := _PEM.search(text, at):
        at = begin.end()
        end = _PEM_END.search(text, at) if ends else None
        ends = end is not None  # where one is missing, so is every later one
        if end is None and "PRIVATE" not in begin["label"]:
            continue
        pieces += [text[done : begin.start()], REDACTED]
        at = done = end.end() if end else len(text)
    return "".join([*pieces, text[done:]])


def _openai(found: re.Match[str]) -> str:
    """Hide an OpenAI or Anthropic key; hyphenated words such as sk-learn-pipelines stay."""
    runs = _LONG_RUN.findall(found.group())
    generated = any(re.search(r"[0-9]", run) for run in runs)
    return REDACTED if generated else found.group()


def _ngc(found: re.Match[str]) -> str:
    """Hide a key of the older NGC form, Base64 of `letters:UUID`; other Base64 stays."""
    try:
        inside = base64.b64decode(found.group(), validate=True)
    except binascii.Error:
        return found.group()
    return REDACTED if _LEGACY_NGC.fullmatch(inside) else found.group()


def _user(found: re.Match[str]) -> str:
    return REDACTED if looks_random(found.group()) else found.group()


def _query(found: re.Match[str]) -> str:
    """Hide what signs a URL or is called a secret in it."""
    key, value = found["key"], found["value"]
    signs = _SIGNATURE.fullmatch(key) is not None
    if not signs and (not is_secret_in_text(key) or stays_in_text(key, value)):
        return found.group()
    return f"{key}{found['sign']}{REDACTED}"
