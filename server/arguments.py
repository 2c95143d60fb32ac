"""Puts the arguments that models send into the form that was published, or says what is wrong.

`null`, and "" for what is no text, mean not given. A list may come as JSON text or separated by
commas, an object as JSON text. Everything else that does not fit is refused by name, without
echoing the value, which may be a secret.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from registry.errors import InvalidArgument

DEEPEST = 32
"""Levels of lists and objects inside one argument."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def tidy(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that were really given, in the schema's types where they differ.

    Args:
        arguments: As sent.
        schema: The tool's input schema.

    Raises:
        InvalidArgument: an unknown name, or text that is no JSON of the right kind.
    """
    properties: Mapping[str, Any] = schema["properties"]
    unknown = [name for name in arguments if name not in properties]
    if unknown:
        raise _unknown(unknown, list(properties))
    given: dict[str, Any] = {}
    for name, value in arguments.items():
        kind = properties[name].get("type")
        if value is None or (value == "" and kind != "string"):
            continue
        given[name] = _converted(name, value, kind) if isinstance(value, str) else value
        _check_depth(name, given[name])
    return given


def refusal(error: ValidationError) -> InvalidArgument:
    """Return a failed validation as one sentence per argument, without the values."""
    problems = [
        f"{'.'.join(str(part) for part in each['loc'])}: {_lower(each['msg'])}"
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return InvalidArgument(
        "; ".join(problems), hint="the tool's input schema says what each argument takes"
    )


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _check_depth(name: str, value: object, depth: int = 0) -> None:
    """Return when a value is nested no deeper than every client can read back.

    Raises:
        InvalidArgument: it is deeper, or holds a number that JSON has no form for.
    """
    if depth > DEEPEST:
        raise InvalidArgument(
            f"{name} is nested more than {DEEPEST} levels deep", hint="send a flatter value"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgument(f"{name} holds a number that is infinite or none at all")
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, Iterable) and not isinstance(inner, str):
        for each in inner:
            _check_depth(name, each, depth + 1)


def _unknown(names: list[str], known: list[str]) -> InvalidArgument:
    parts = []
    for name in names:
        near = " or ".join(_nearest(name, known))
        parts.append(f"{name} (did you mean {near}?)" if near else name)
    return InvalidArgument(
        f"unknown argument{'s' if len(names) > 1 else ''}: {', '.join(parts)}",
        hint=f"the arguments are: {', '.join(known)}",
    )


def _nearest(name: str, known: list[str]) -> list[str]:
    """Return the one or two arguments that may be meant: spelled alike, or with words in common."""
    snake = _HUMP.sub("_", name).replace("-", "_").lower()
    if snake in known:
        return [snake]
    words = set(snake.split("_"))
    kin = [each for each in known if (own := set(each.split("_"))) <= words or words <= own]
    return kin[:2] or get_close_matches(snake, known, n=1, cutoff=0.6)


def _converted(name: str, text: str, kind: str | None) -> Any:  # noqa: ANN401 - JSON of any type
    if kind == "array":
        if text.lstrip().startswith("["):
            return _parsed(name, text, list, "a list")
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "object":
        return _parsed(name, text, dict, "an object")
    return text


def _parsed(name: str, text: str, kind: type, called: str) -> Any:  # noqa: ANN401 - JSON
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # no JSON, a number of too many digits, too deep
        raise InvalidArgument(
            f"{name} is text that is not valid JSON", hint=f"send {called}, or its JSON text"
        ) from error
    if not isinstance(value, kind):
        raise InvalidArgument(f"{name} must be {called}", hint=f"send {called}, or its JSON text")
    return value
