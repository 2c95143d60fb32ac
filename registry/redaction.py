"""Takes secrets out of what is about to be stored, sent or logged: the one place that does.

By key: a name that says secret hides its whole value. By shape: a value that looks like a known
kind of credential is hidden wherever it stands. Every pattern is linear in the text, and what is
redacted once stays as it is when it is redacted again.

Source: design, rule 3 and "Decided" (redaction); record contract, section 4 (Redaction), D11, D12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.errors import InvalidArgument
from registry.secret_keys import ENGINE_PREFIXES, hides, is_secret_key
from registry.secret_pairs import redact_pairs
from registry.secret_shapes import REDACTED, redact_shapes

__all__ = (
    "ENGINE_PREFIXES",
    "REDACTED",
    "changed_keys",
    "is_secret_key",
    "quoted",
    "redact_names",
    "redact_parameters",
    "redact_shapes",
    "redact_text",
    "redaction_warning",
    "refuse_secret",
)

_FLAG = re.compile(r"--(?P<key>[A-Za-z][A-Za-z0-9_-]{0,127})")
_COLUMNS = frozenset({"column_schema", "columnSchema"})
"""Holds the names of a dataset's columns, which may well be called token_ids."""

_KEYS_SHOWN = 10


def redact_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with every secret replaced, in their order; nested values too.

    A key that says secret hides whatever it holds. `VLLM_MAX_NUM_BATCHED_TOKENS=8192` stays: an
    engine's variable with a plain number is a setting. The ARN of a stored secret stays: it
    names a secret and is none. A key that is a secret itself is replaced as well.
    """
    items = {str(key): value for key, value in parameters.items()}
    held = _held_by_name(items)
    return _unique((key, _redacted(held.get(key, key), each)) for key, each in items.items())


def redact_text(text: str) -> str:
    """Return free text with whatever looks like a credential replaced, `KEY=value` pairs too."""
    return redact_pairs(redact_shapes(text))


def redact_names(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object whose keys are names of data, redacted by shape alone.

    A column may well be called token_ids.
    """
    return _unique((str(key), _shaped(value)) for key, value in names.items())


def quoted(text: str, longest: int) -> str:
    """Return outside text in quotes for a message: without secrets, then shortened.

    In this order: half a secret has another shape.
    """
    clean = redact_text(text)
    return repr(clean if len(clean) <= longest else f"{clean[: longest - 3]}...")


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the keys under which redacting changed something, fit to be shown."""
    return [
        shown
        for (_, was), (shown, now) in zip(before.items(), after.items(), strict=True)
        if was != now
    ]


def redaction_warning(what: str, keys: Sequence[str] = ()) -> str:
    """Return the sentence that tells a caller that something of its own was redacted.

    Args:
        what: What was changed, such as "the description".
        keys: Under which keys of it.
    """
    named = ", ".join(keys[:_KEYS_SHOWN])
    more = f" and {len(keys) - _KEYS_SHOWN} more" if len(keys) > _KEYS_SHOWN else ""
    where = f" ({named}{more})" if named else ""
    return f"{what} held what looks like a secret{where}; it was redacted"


def refuse_secret(argument: str, value: str) -> None:
    """Return when a name or location holds no secret; one that was redacted would name nothing.

    Raises:
        InvalidArgument: it holds what looks like one. The value is not echoed.
    """
    if redact_shapes(value) != value:
        raise InvalidArgument(
            f"{argument} holds what looks like a secret and is not used",
            hint="use a name or location without credentials; if the secret is real, renew it",
        )


def _shaped(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, Mapping):
        return redact_names(value)
    if isinstance(value, list | tuple):
        return [_shaped(each) for each in value]
    return redact_shapes(value) if isinstance(value, str) else value


def _redacted(key: str, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, Mapping):
        return REDACTED if is_secret_key(key) and value else redact_parameters(value)
    if isinstance(value, list | tuple):
        return _redacted_list(key, value)
    # The specification's letter hides even true under a TOKEN; as a password, true is none.
    told = "" if isinstance(value, bool) else str(value)
    if value is not None and hides(key, told):
        return REDACTED
    if not isinstance(value, str):
        return value
    return redact_shapes(value) if key in _COLUMNS else redact_text(value)


def _redacted_list(key: str, values: Sequence[Any]) -> list[Any]:
    """Return a list's values redacted; after a flag's name stands its value."""
    clean: list[Any] = []
    flag = ""
    for value in values:
        clean.append(_redacted(flag or key, value))
        found = _FLAG.fullmatch(value) if isinstance(value, str) else None
        flag = found["key"] if found and is_secret_key(found["key"]) else ""
    return clean


def _held_by_name(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return under which name a `value` is to be judged, where a `name` beside it says."""
    names = [each for key, each in parameters.items() if key.lower() in ("name", "key")]
    if len(names) != 1 or not isinstance(names[0], str):
        return {}
    return {key: names[0] for key in parameters if key.lower() == "value"}


def _unique(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the items by key; keys that are secrets are replaced, each by one of its own."""
    clean: dict[str, Any] = {}
    for key, value in items:
        shown = redact_shapes(key)
        number = 1
        while shown in clean:
            number += 1
            shown = f"{redact_shapes(key)} {number}"
        clean[shown] = value
    return clean
