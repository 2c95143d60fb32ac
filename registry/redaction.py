"""Takes secrets out of what is about to be stored, sent or logged.

By key: a name that says secret hides its whole value. By shape: a value that looks like a known
kind of credential is hidden wherever it stands. Every pattern is linear in the text.

Source: design, rule 3 and "Decided" (redaction); record contract, section 4 (Redaction), D11, D12.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

REDACTED = "***REDACTED***"
"""What stands in place of a secret, as the specification spells it."""

ENGINE_PREFIXES = ("VLLM_", "SGLANG_", "TRTLLM_", "LMI_", "DJL_")
"""Variables that tune an engine: `..._TOKENS=4096` under these is a number, not a secret."""

_ALWAYS = re.compile(r"SECRET|TOKEN")
_NEVER_A_NUMBER = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL"
    r"|(?:^|_)(?:PAT|PWD|AUTHORIZATION|COOKIE)(?:_|$)"
)
_SUSPICIOUS = re.compile(r"KEY|AUTH|PASS|CRED|SIGNATURE|LICENSE|SALT|CERT")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,4})?")
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_RANDOM_LOOKING = re.compile(r"[A-Za-z0-9+/=_.~-]{20,512}")
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:(?:secretsmanager|ssm):[A-Za-z0-9:/_+=.@-]{1,2048}")

_SHAPES = re.compile(
    r"""
      (?<![A-Za-z0-9_])(?:
          hf_[A-Za-z0-9]{16,255}
        | gh[pousr]_[A-Za-z0-9]{16,255}
        | github_pat_[A-Za-z0-9_]{16,255}
        | glpat-[A-Za-z0-9_-]{16,255}
        | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
        | xox[abeoprs]-[A-Za-z0-9-]{8,255}
        | sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{16,255}
        | nvapi-[A-Za-z0-9_-]{16,255}
        | eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,4096}
      )
    """,
    re.VERBOSE,
)
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,64}PRIVATE KEY-----")
_URL_LOGIN = re.compile(r"(?<=://)[^\s/?#@'\"<>]{0,512}:[^\s/?#@'\"<>]{0,512}@")
_URL_USER_TOKEN = re.compile(r"(?<=://)[^\s/?#@:'\"<>]{1,512}(?=@)")
_PRESIGNED = re.compile(
    r"(?i)(?<=[?&;])(X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId"
    r"|access_token|sig)=[^&\s'\"<>]{1,8192}"
)
_BEARER = re.compile(r"(?i)\b(Bearer|Basic)[ \t]{1,4}([A-Za-z0-9+/=_.~-]{8,8192})")
_PAIR = re.compile(
    r"(?<![A-Za-z0-9_./-])(?P<key>[A-Za-z][A-Za-z0-9_.-]{0,127}(?![A-Za-z0-9_.-]))"
    r"(?P<sign>[\"'][ \t]{0,4}[=:][ \t]{0,4}|[ \t]{0,4}=[ \t]{0,4}|:[ \t]{1,4})"
    r"(?P<value>\"[^\"\n]{0,8192}\"|'[^'\n]{0,8192}'|[^\s\"',;&}\])]{1,8192})"
)
_FLAG = re.compile(
    r"(?<![A-Za-z0-9_-])--(?P<key>[A-Za-z][A-Za-z0-9_-]{0,127})(?P<sign>=|[ \t]{1,4})"
    r"(?P<value>\"[^\"\n]{0,8192}\"|'[^'\n]{0,8192}'|[^\s\"'-][^\s\"']{0,8191})"
)
_PBTXT = re.compile(
    r"(?P<sign>\bkey\s{0,16}:\s{0,16}\"(?P<key>[^\"\n]{1,128})\"\s{0,16},?\s{0,64}value\s{0,16}:?"
    r"\s{0,16}\{\s{0,64}string_value\s{0,16}:\s{0,16})(?P<value>\"[^\"\n]{0,8192}\")"
)


def is_secret_key(key: str) -> bool:
    """Whether a name alone says that its value is a secret."""
    words = _spelled(key)
    return bool(_ALWAYS.search(words) or _NEVER_A_NUMBER.search(words))


def redact_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with every secret replaced, in their order; nested values too.

    A key that says secret hides whatever it holds. `VLLM_MAX_NUM_BATCHED_TOKENS=8192` stays: an
    engine's variable with a plain number is a setting. The ARN of a stored secret stays: it
    names a secret and is none.
    """
    return {key: _redacted(key, value) for key, value in parameters.items()}


def redact_shapes(text: str) -> str:
    """Return a value (an image, a URL, a name) with known kinds of credentials replaced."""
    text = _without_pem(text)
    text = _SHAPES.sub(REDACTED, text)
    text = _URL_LOGIN.sub(f"{REDACTED}@", text)
    text = _URL_USER_TOKEN.sub(_user_in_url, text)
    return _PRESIGNED.sub(lambda found: f"{found.group(1)}={REDACTED}", text)


def redact_text(text: str) -> str:
    """Return free text with whatever looks like a credential replaced, `KEY=value` pairs too."""
    text = redact_shapes(text)
    text = _BEARER.sub(_authorization, text)
    for pairs in (_PBTXT, _FLAG, _PAIR):
        text = pairs.sub(_pair, text)
    return text


def _redacted(key: str, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, Mapping):
        if is_secret_key(key) and value:
            return REDACTED
        return {str(inner): _redacted(str(inner), held) for inner, held in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, held) for held in value]
    if value is None or isinstance(value, bool):
        return value
    if _hides(key, str(value)):
        return REDACTED
    return redact_text(value) if isinstance(value, str) else value


def _hides(key: str, text: str, *, numbers_stay: bool = False) -> bool:
    """Whether the key hides this value whole."""
    words = _spelled(key)
    if _ALWAYS.search(words) and not _NEVER_A_NUMBER.search(words):
        tuning = numbers_stay or key.upper().startswith(ENGINE_PREFIXES)
        return not (tuning and _NUMBER.fullmatch(text))
    if text == "" or _SECRET_ARN.fullmatch(text):
        return bool(_ALWAYS.search(words))
    if _NEVER_A_NUMBER.search(words):
        return True
    return bool(_SUSPICIOUS.search(words)) and _looks_random(text)


def _spelled(key: str) -> str:
    """Return a key as upper-case words joined by underscores: apiKey is API_KEY."""
    return f"{_WORD_BREAK.sub('_', key)}".upper()


def _looks_random(text: str) -> bool:
    """Whether a value has the letters of a generated key, not of a word or a path."""
    if not _RANDOM_LOOKING.fullmatch(text) or not re.search(r"[0-9]", text):
        return False
    counts = Counter(text).values()
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
    return entropy >= 3.5  # bits a character; English words stay near 3


def _without_pem(text: str) -> str:
    """Replace each private key block, to the end of the text when it is cut off."""
    pieces: list[str] = []
    at = 0
    while begin := _PEM.search(text, at):
        pieces += [text[at : begin.start()], REDACTED]
        end = _PEM_END.search(text, begin.end())
        at = end.end() if end else len(text)
    return "".join([*pieces, text[at:]])


def _user_in_url(found: re.Match[str]) -> str:
    user = found.group()
    return REDACTED if _looks_random(user) else user


def _authorization(found: re.Match[str]) -> str:
    scheme, value = found.groups()
    if len(value) < 24 and not re.search(r"[0-9]", value):  # a word of prose
        return found.group()
    return f"{scheme} {REDACTED}"


def _pair(found: re.Match[str]) -> str:
    """Replace the value of a pair whose key says secret; `max_tokens=512` is no secret."""
    value = found.group("value")
    mark = value[0] if value[0] in "\"'" else ""
    inner = value[1:-1] if mark else value
    if inner in ("", REDACTED) or not _hides(found.group("key"), inner, numbers_stay=True):
        return found.group()
    begin, end = found.span("value")
    head = found.group()[: begin - found.start()]
    return f"{head}{mark}{REDACTED}{mark}{found.group()[end - found.start() :]}"
