"""Making values fit for CustomerMetadataProperties, or saying why they cannot be.

Source: SageMaker CreateModelPackage, CustomerMetadataProperties (50 entries, keys of 1 to 128,
values of 1 to 256, letters, digits, separators and `_.:/=+-@`); design, decided points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from registry.errors import InvalidArgument

MAX_ENTRIES = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256

_PUNCTUATION = frozenset("_.:/=+-@")
_CATEGORIES = frozenset("LZN")


def is_allowed(character: str) -> bool:
    """Tell whether the service takes that character in a metadata key or value."""
    return character in _PUNCTUATION or unicodedata.category(character)[0] in _CATEGORIES


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 units, in which the service's patterns may count."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def clean_metadata(raw: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the metadata as the service takes it, and a warning for every change.

    Empty values are left out without a word, since readers take a missing key as "".

    Raises:
        InvalidArgument: a URL or ARN would have to change, a value or key is too long, two keys
            become the same, or there are more than 50 entries.
    """
    cleaned: dict[str, str] = {}
    warnings: list[str] = []
    for raw_key, raw_value in raw.items():
        if not raw_value.strip():
            continue
        key = _cleaned_key(raw_key, warnings)
        if key in cleaned:
            raise InvalidArgument(f"two metadata keys become {key!r} in the service's alphabet")
        cleaned[key] = _cleaned_value(key, raw_value, warnings)
    if len(cleaned) > MAX_ENTRIES:
        raise InvalidArgument(
            f"{len(cleaned)} metadata entries, the service takes {MAX_ENTRIES}",
            hint="leave out some benchmark or evaluation values",
        )
    return cleaned, warnings


def _cleaned_key(raw: str, warnings: list[str]) -> str:
    key = _replaced(raw)
    if not key or utf16_length(key) > MAX_KEY_LENGTH:
        raise InvalidArgument(f"metadata key of {len(raw)} characters, allowed are 1 to 128")
    if key != raw:
        warnings.append(f"metadata key stored as {key!r}: the service refuses some characters")
    return key


def _cleaned_value(key: str, raw: str, warnings: list[str]) -> str:
    value = _replaced(raw)
    if value != raw and _is_reference(raw):
        raise InvalidArgument(
            f"metadata {key}: a URL or ARN with characters that the service refuses",
            hint="use a location made of letters, digits and _ . : / = + - @",
        )
    length = utf16_length(value)
    if length > MAX_VALUE_LENGTH:
        raise InvalidArgument(
            f"metadata {key}: {length} characters, the service takes {MAX_VALUE_LENGTH}",
            hint="use a shorter value or location",
        )
    if value != raw:
        warnings.append(f"metadata {key}: characters that the service refuses became _")
    return value


def _is_reference(value: str) -> bool:
    return "://" in value or value.startswith("arn:")


def _replaced(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(character if is_allowed(character) else "_" for character in composed)
