"""What the parts of a word expand to, where that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from registry.project.shell_state import Unknown, Variables
from registry.project.words import COMMAND, Dynamic, Parameter, Part, Text, Word

_ARITHMETIC_ASSIGNS = re.compile(r"(?<![=<>!])=(?!=)|<<=|>>=|\+\+|--")


class Expansion:
    """Expands words over the variables, side effects (`${X:=v}`) included."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def text(self, parts: Sequence[Part], line: int, *, tilde: bool = True) -> str:
        """Return the text of parts.

        Args:
            tilde: The parts stand where an unquoted `~` means a home folder.

        Raises:
            Unknown: only a shell would tell; what the parts may assign is marked.
        """
        pieces: list[str] = []
        last = ""
        for index, part in enumerate(parts):
            try:
                piece = self._piece(part, line)
                if tilde and isinstance(part, Text) and not part.quoted and _home(last, piece):
                    raise Unknown("a home folder, ~")  # noqa: TRY301 - marked like the others
            except Unknown:
                self.touch(parts[index:], line, "an expansion that is not evaluated")
                raise
            pieces.append(piece)
            last = piece[-1:] or last
        return "".join(pieces)

    def side_effects(self, word: Word) -> None:
        """Expand a word for what that assigns, and forget the text."""
        for part in word.parts:
            try:
                self._piece(part, word.line)
            except Unknown:
                self.touch([part], word.line, "an expansion that is not evaluated")

    def touch(self, parts: Iterable[Part], line: int, reason: str) -> None:
        """Mark what expanding the parts may assign."""
        for part in parts:
            if isinstance(part, Parameter):
                if part.operator in ("=", ":="):
                    self._variables.mark(part.name, line, reason)
                self.touch(part.word, line, reason)
            elif isinstance(part, Dynamic) and _assigns(part):
                self._variables.mark_all(part.source, line, part.reason)

    def _piece(self, part: Part, line: int) -> str:
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Dynamic):
            raise Unknown(f"{part.reason}, which is never executed")
        value = self._parameter(part, line)
        self._variables.spend(len(value))
        return value

    def _parameter(self, part: Parameter, line: int) -> str:
        operator = part.operator.removeprefix(":")
        if not operator:
            return self._variables.get(part.name)
        if operator == "#":
            value = self._variables.get(part.name)
            if not value.isascii():
                raise Unknown("a length that depends on the locale")
            return str(len(value))
        value = self._variables.get(part.name, lenient=True)
        present = self._variables.is_set(part.name)
        present = present and (value != "" or not part.operator.startswith(":"))
        if operator == "+":
            return self.text(part.word, line, tilde=not part.quoted) if present else ""
        return value if present else self._absent(part, operator, line)

    def _absent(self, part: Parameter, operator: str, line: int) -> str:
        if operator == "?":
            self._variables.stopped = f"${{{part.name}?}} ends the shell"
            raise Unknown("a variable that is required and not set")
        text = self.text(part.word, line, tilde=not part.quoted)
        if operator == "=":
            self._variables.store(part.name, text, line)
            if self._variables.is_unknown(part.name):
                raise Unknown(f"it sets {part.name}, which is not known")
        return text


def _assigns(part: Dynamic) -> bool:
    """Whether the part may set variables of this shell: an arithmetic assignment does."""
    return part.reason != COMMAND and bool(_ARITHMETIC_ASSIGNS.search(part.source))


def _home(last: str, text: str) -> bool:
    """Whether an unquoted text has a tilde that stands for a home folder."""
    return ":~" in text or (text.startswith("~") and last in ("", ":"))
