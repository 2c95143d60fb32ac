"""Which of the places that may give a value does: the first one, in the order of its setting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.doctor import Source


@dataclass(frozen=True, slots=True)
class Given:
    """A value and who gave it.

    Attributes:
        value: "" when this place has none.
        name: The flag, variable, file or profile.
    """

    value: str
    source: Source
    name: str = ""


NOWHERE = Given("", "nowhere")


def first_given(places: Iterable[Given]) -> Given:
    """Return the first place that has a value, `NOWHERE` when none has; later ones stay unasked."""
    return next((each for each in places if each.value), NOWHERE)
