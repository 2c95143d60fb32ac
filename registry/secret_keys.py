"""Which names say that their value is a secret, and which values may stay all the same.

Source: the specification (any key that contains SECRET or TOKEN); design, "Decided" (redaction);
record contract, section 4 (Redaction), D11, D12.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

ENGINE_PREFIXES = ("VLLM_", "SGLANG_", "TRTLLM_", "LMI_", "DJL_")
"""Variables that tune an engine: `..._TOKENS=4096` under these is a number, not a secret."""

_BY_LETTER = re.compile(r"SECRET|TOKEN")
_CREDENTIAL = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL"
    r"|(?:^|_)(?:PAT|PWD|AUTHORIZATION|COOKIE)(?:_|$)"
)
_SUSPICIOUS = re.compile(
    r"(?<!MON)KEYS?(?:_|$)|(?:^|_)(?:PASS|AUTH|CREDS?|SIG|SIGNATURE|LICENSE|SALT|CERT)(?:_|$)"
)
_PLACE = re.compile(
    r"(?:^|_)(?:S3|OBJECT|BUCKET|PATH|PREFIX|URI|URL|FILE|DIR|NAME|ARN|KMS|PUBLIC|CACHE"
    r"|PRIMARY|FOREIGN|PARTITION|SORT|IDEMPOTENCY)(?:_|$)"
)
"""A key of storage, of a table or of a key service: what it holds names a thing."""

_COUNTED = re.compile(
    r"TOKENS|(?:^|_)(?:MAX|MIN|NUM|COUNT|LEN|LENGTH|SIZE|LIMIT|BUDGET|PER|IDS?)(?:_|$)"
)
_TOKENIZER = re.compile(r"TOKENI[ZS]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,4})?")
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE = re.compile(r"arn:aws[a-z-]*:(?:secretsmanager|ssm):[A-Za-z0-9:/_+=.@-]{1,2048}")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_.~-]{20,512}")
_HEX = re.compile(r"[0-9a-fA-F]{20,512}")
_AWS_SECRET = re.compile(r"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z0-9+/]{40}")
_LEAST_ENTROPY_BITS = 3.5
"""A character of a generated key has more; one of English words stays near 3."""


def is_secret_key(key: str) -> bool:
    """Whether a name alone says that its value is a secret."""
    return _says(_BY_LETTER, key) or _says(_CREDENTIAL, key)


@lru_cache(maxsize=1024)
def is_secret_in_text(key: str) -> bool:
    """Whether a name that stands before a value in running text says so.

    There the specification's letter does not hold: `--tokenizer org/model` is a setting.
    """
    if _says(_CREDENTIAL, key):
        return True
    return bool(_BY_LETTER.search(_TOKENIZER.sub("", key.upper())))


@lru_cache(maxsize=1024)
def is_suspicious(key: str) -> bool:
    """Whether a name makes a random-looking value a secret."""
    return _says(_SUSPICIOUS, key) and not _says(_PLACE, key)


def hides(key: str, text: str) -> bool:
    """Whether the key of a record hides this value whole."""
    if _says(_CREDENTIAL, key):
        return _says(_BY_LETTER, key) or not (text == "" or is_reference(text))
    if _says(_BY_LETTER, key):
        return not (key.upper().startswith(ENGINE_PREFIXES) and _NUMBER.fullmatch(text))
    return is_suspicious(key) and looks_random(text)


def stays_in_text(key: str, text: str) -> bool:
    """Whether a value that follows a secret's name in running text is none: a count, an ARN."""
    if text == "" or is_reference(text):
        return True
    return not _says(_CREDENTIAL, key) and _says(_COUNTED, key) and bool(_NUMBER.fullmatch(text))


def is_reference(text: str) -> bool:
    """Whether a value is the ARN of a stored secret, which names a secret and is none."""
    return bool(_REFERENCE.fullmatch(text))


def looks_random(text: str) -> bool:
    """Whether a value has the letters of a generated key, not of a word or a path."""
    if _HEX.fullmatch(text) or _AWS_SECRET.fullmatch(text):
        return True
    if not _RANDOM.fullmatch(text) or not re.search(r"[0-9]", text):
        return False
    counts = Counter(text).values()
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
    return entropy >= _LEAST_ENTROPY_BITS


def _says(pattern: re.Pattern[str], key: str) -> bool:
    """Whether a name, as it stands or taken apart into words (apiKey: API_KEY), has the pattern."""
    upper = key.upper()
    return bool(pattern.search(upper) or pattern.search(_WORD_BREAK.sub("_", key).upper()))
