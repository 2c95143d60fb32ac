"""What the variables of a shell assignment file are worth, told without running it.

Source: record contract, section 4 (assignment forms); the Bash Reference Manual, section 3.4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.errors import InvalidArgument
from registry.project.shell_state import (
    ALWAYS_DYNAMIC,
    FROM_THE_SHELL,
    MAX_VALUE_CHARS,
    Budget,
    Unresolved,
)
from registry.project.statements import Command, Statements
from registry.project.words import Dynamic, Parameter, Part, Text, Word

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\]?)?(\+)?=")
_ARRAY_ELEMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAMES = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*")
_NAMES_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=")
_ARITHMETIC_ASSIGNS = re.compile(r"(?<![=<>!])=(?!=)|<<=|>>=|\+\+|--")
_SAFE_UNQUOTED = re.compile(r"[A-Za-z0-9_=./:@%+,^-]*\Z")
_SETS_NAMES = frozenset(
    {"unset", "readonly", "declare", "typeset", "local", "read", "mapfile", "readarray", "getopts",
     "let", "command", "builtin", "wait", "trap", "alias", "shopt", "enable", "hash", "env"}
)
_RUNS_TEXT = frozenset({"eval", "source", "."})
_ENDS = frozenset({"return", "exit"})
_HARMLESS_OPTIONS = frozenset("euxvfhBCETbmPa")
_HARMLESS_LONG = frozenset(
    {"errexit", "nounset", "xtrace", "verbose", "noglob", "hashall", "braceexpand", "noclobber",
     "errtrace", "functrace", "pipefail", "allexport", "notify", "monitor", "physical"}
)


@dataclass(frozen=True, slots=True)
class Assignments:
    """The variables that a file leaves behind.

    Attributes:
        values: Every variable that the file sets or exports and whose value is certain.
        exported: Names among them, and among the unresolved, that the file exports.
        unresolved: Variables whose value only running the file would tell, one entry each.
        literals: Names that an assignment without any expansion sets at least once.
        defaulted: How often a name is set by its own default form, `N=${N:-...}`.
        notices: What the file does besides, in sentences, such as reading another file.
    """

    file: str
    values: Mapping[str, str]
    exported: frozenset[str]
    unresolved: tuple[Unresolved, ...]
    literals: frozenset[str]
    defaulted: Mapping[str, int]
    notices: tuple[str, ...]

    def get(self, name: str) -> str | None:
        """Return the value; None when the variable is missing or unresolved."""
        return self.values.get(name)

    def why_unresolved(self, name: str) -> Unresolved | None:
        """Return why a variable has no certain value; None when it has one or is missing."""
        return next((entry for entry in self.unresolved if entry.name == name), None)

    def require(self, name: str) -> str:
        """Return a value that has to be there.

        Raises:
            InvalidArgument: it is missing, empty or unresolved; says where and why.
        """
        if entry := self.why_unresolved(name):
            raise InvalidArgument(
                f"{entry.file} line {entry.line}: {name} is not known: {entry.reason}",
                hint="project files are never executed; write the value out, or pass it",
            )
        if not self.values.get(name):
            raise InvalidArgument(f"{self.file} does not set {name}", hint=f"set {name} there")
        return self.values[name]


def read_assignments(
    text: str, *, environment: Mapping[str, str] | None = None, file: str
) -> Assignments:
    """Return the variables that a shell would hold after reading the text; nothing is run.

    Args:
        environment: Variables that the shell would have inherited. One shows in the result
            only when the file sets or exports it.
        file: The file's name, for messages.

    Raises:
        InvalidArgument: the text has a NUL character.

    Source: record contract, section 4, and its vectors `assignment_forms`.
    """
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidArgument(f"{file} line {line}: a NUL character", hint="is this a text file?")
    statements = Statements(text)
    evaluation = _Evaluation(environment or {}, file, statements)
    for commands in statements.lines():
        for command in commands:
            evaluation.take(command)
    return evaluation.result()


class _Unknown(Exception):
    """The value depends on something that is not evaluated."""


class _Evaluation:
    """The state of a shell that never runs anything."""

    def __init__(self, environment: Mapping[str, str], file: str, statements: Statements) -> None:
        self._file = file
        self._statements = statements
        self._values: dict[str, str] = dict(environment)
        self._unknown: dict[str, Unresolved] = {}
        self._touched: set[str] = set()
        self._exported: set[str] = set(environment)
        self._exports: set[str] = set()
        self._literals: set[str] = set()
        self._defaulted: Counter[str] = Counter()
        self._notices: list[str] = []
        self._in_functions: set[str] = set()
        self._budget = Budget()
        self._export_all = False
        self._strict = False
        self._stopped = ""

    def result(self) -> Assignments:
        values = {
            name: value
            for name, value in self._values.items()
            if name in self._touched and name not in self._unknown
        }
        if failure := self._statements.failure:
            self._notices.append(
                f"{self._file} line {failure.line}: not read further: {failure.reason}"
            )
        present = values.keys() | self._unknown.keys()
        return Assignments(
            file=self._file,
            values=values,
            exported=frozenset(self._exported & self._touched & present),
            unresolved=tuple(sorted(self._unknown.values(), key=lambda e: (e.line, e.name))),
            literals=frozenset(self._literals),
            defaulted=dict(self._defaulted),
            notices=tuple(self._notices),
        )

    def take(self, command: Command) -> None:
        """Run the part of a command that is certain, and note what else it may change."""
        reason = command.construct or self._stopped
        for name, line in command.names:
            self._mark(name, line, command.construct or "set by a redirection")
        if not command.words:
            return
        if reason or any(not _is_null(word) for word in command.redirections):
            self._touch(command, reason or "a command with a redirection")
            return
        assignments, rest = _split(command.words)
        if rest:
            self._run(assignments, rest)
            return
        for word in assignments:
            self._assign_word(word)

    # --- commands -------------------------------------------------------------------------

    def _run(self, assignments: list[Word], rest: list[Word]) -> None:
        name = rest[0].plain
        if name == "export" and not assignments and name not in self._statements.functions:
            self._export(rest[1:])
            return
        if name == "set" and name not in self._statements.functions:
            self._set(rest)
            return
        for word in (*rest, *assignments):
            self._side_effects(word)
        for word in assignments if self._changes_shell(name) else ():
            self._touch_assignment(word, "an assignment before a command")
        self._touch_by_name(rest, "")

    def _changes_shell(self, name: str | None) -> bool:
        known = _SETS_NAMES | _RUNS_TEXT | _ENDS | {"export", "exec", ":"}
        return name is None or name in known or name in self._statements.functions

    def _export(self, words: list[Word]) -> None:
        if words and words[0].plain == "--":
            words = words[1:]
        elif words and words[0].literal.startswith("-"):
            if words[0].plain != "-p":
                self._touch_loosely(words, "export with options")
            return
        ready = [self._prepare(word) for word in words]
        for word, value in zip(words, ready, strict=True):
            if value is None:
                self._touch_loosely([word], "an export that is computed")
                continue
            name, setting = value
            self._exported.add(name)
            self._touched.add(name)
            if setting is not None:
                self._store(name, setting, word)

    def _prepare(self, word: Word) -> tuple[str, str | Unresolved | None] | None:
        """Return the name and value that one argument of `export` gives; None if computed."""
        if match := _assignment(word):
            if match.group(2):
                return None
            return match.group(1), self._value(word, match)
        unquoted = [p.text for p in word.parts if isinstance(p, Text) and not p.quoted]
        bare = [p for p in word.parts if isinstance(p, Parameter) and not p.quoted]
        if bare or any(not _SAFE_UNQUOTED.match(text) for text in unquoted):
            self._side_effects(word)
            return None
        try:
            text = self._text(word.parts, tilde=False)
        except _Unknown:
            return None
        name, separator, value = text.partition("=")
        if not _NAME.match(name):
            return None
        return name, value if separator else None

    def _set(self, words: list[Word]) -> None:
        arguments = [word.plain for word in words[1:]]
        for index, argument in enumerate(arguments):
            if argument is None or argument[:1] not in "-+":
                if index and arguments[index - 1] in ("-o", "+o") or _ends_with_o(arguments, index):
                    self._option(argument or "", on=str(arguments[index - 1])[0] == "-")
                    continue
                return
            if argument in ("--", "-"):
                return
            self._letters(argument)

    def _letters(self, argument: str) -> None:
        on = argument[0] == "-"
        letters = set(argument[1:]) - {"o"}
        if not letters <= _HARMLESS_OPTIONS:
            self._stopped = f"set {argument}, which changes how the rest is read"
        self._export_all = on if "a" in letters else self._export_all
        self._strict = on if "u" in letters else self._strict

    def _option(self, name: str, *, on: bool) -> None:
        if name not in _HARMLESS_LONG:
            self._stopped = f"set -o {name}, which changes how the rest is read"
        self._export_all = on if name == "allexport" else self._export_all
        self._strict = on if name == "nounset" else self._strict

    # --- values ---------------------------------------------------------------------------

    def _assign_word(self, word: Word) -> None:
        match = _assignment(word)
        if match is None or match.group(2):
            self._touch_loosely([word], "an array")
            return
        self._store(match.group(1), self._value(word, match), word)

    def _value(self, word: Word, match: re.Match[str]) -> str | Unresolved:
        name, appended = match.group(1), bool(match.group(3))
        parts = _after(word.parts, match.end())
        if len(parts) == 1 and isinstance(parts[0], Parameter):
            own = parts[0].name == name and parts[0].operator in (":-", "-")
            self._defaulted[name] += own
        elif all(isinstance(part, Text) for part in parts) and not appended:
            self._literals.add(name)
        if not parts and not appended:
            self._literals.add(name)
        try:
            value = self._text(parts)
            if appended:
                value = self._variable(name, "") + value
        except _Unknown as unknown:
            return Unresolved(name, word.line, self._file, str(unknown))
        return value

    def _store(self, name: str, value: str | Unresolved, word: Word) -> None:
        if name in ALWAYS_DYNAMIC:
            value = Unresolved(name, word.line, self._file, "a variable of the shell itself")
        self._touched.add(name)
        if self._export_all:
            self._exported.add(name)
        if isinstance(value, Unresolved):
            self._unknown[name] = value
            return
        self._unknown.pop(name, None)
        self._values[name] = value

    def _text(self, parts: Iterable[Part], *, tilde: bool = True) -> str:
        """Return the text of parts; raise _Unknown where only running would tell."""
        pieces: list[str] = []
        last = ""
        for part in parts:
            piece = self._piece(part)
            if tilde and isinstance(part, Text) and not part.quoted and _has_tilde(last, piece):
                raise _Unknown("a home folder, ~")
            pieces.append(piece)
            last = piece[-1:] or last
        return "".join(pieces)

    def _piece(self, part: Part) -> str:
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Dynamic):
            self._arithmetic(part)
            raise _Unknown(f"{part.reason}, which is never executed")
        value = self._parameter(part)
        if len(value) > MAX_VALUE_CHARS or not self._budget.spend(len(value)):
            raise _Unknown("a value that grows too long")
        return value

    def _parameter(self, part: Parameter) -> str:
        operator = part.operator.removeprefix(":")
        if not operator:
            return self._variable(part.name, None)
        if operator == "#":
            value = self._variable(part.name, None)
            if not value.isascii():
                raise _Unknown("a length that depends on the locale")
            return str(len(value))
        value = self._variable(part.name, "")
        present = part.name in self._values and (value != "" or not part.operator.startswith(":"))
        if operator == "+":
            return self._text(part.word, tilde=not part.quoted) if present else ""
        if present:
            return value
        return self._absent(part, operator)

    def _absent(self, part: Parameter, operator: str) -> str:
        if operator == "?":
            self._stopped = f"${{{part.name}?}} ends the shell"
            raise _Unknown("a variable that is required and not set")
        text = self._text(part.word, tilde=not part.quoted)
        if operator == "=":
            self._store(part.name, text, Word((), self._line))
        return text

    _line = 0

    def _variable(self, name: str, default: str | None) -> str:
        """Return a variable's value, "" when it is not set."""
        if name in self._unknown:
            raise _Unknown(f"it refers to {name}, which is not known")
        if name in ALWAYS_DYNAMIC or (name in FROM_THE_SHELL and name not in self._values):
            raise _Unknown(f"it refers to {name}, which the shell sets")
        if name not in self._values:
            if self._strict and default is None:
                raise _Unknown(f"it refers to {name}, which is not set, under set -u")
            return ""
        return self._values[name]

    def _side_effects(self, word: Word) -> None:
        """Evaluate a word for what it assigns, and forget its text."""
        self._line = word.line
        for part in word.parts:
            try:
                self._piece(part)
            except _Unknown:
                self._touch_parts([part], word.line, "an expansion that is not evaluated")

    # --- what may change ------------------------------------------------------------------

    def _mark(self, name: str, line: int, reason: str) -> None:
        self._touched.add(name)
        self._unknown[name] = Unresolved(name, line, self._file, reason)

    def _touch(self, command: Command, reason: str) -> None:
        """Mark what a command may change, without saying that it does."""
        before = set(self._unknown.values())
        assignments, rest = _split(command.words)
        for word in (*assignments, *rest):
            self._touch_parts(word.parts, word.line, reason)
        for word in assignments:
            self._touch_assignment(word, reason)
        if rest:
            self._touch_by_name(rest, reason)
        if command.function:
            self._in_functions |= {e.name for e in self._unknown.values() if e not in before}

    def _touch_by_name(self, rest: list[Word], reason: str) -> None:
        name = rest[0].plain
        if name in self._statements.functions:
            for touched in sorted(self._in_functions):
                self._mark(touched, rest[0].line, f"the function {name} may set it")
        elif name in _RUNS_TEXT:
            self._notices.append(
                f"{self._file} line {rest[0].line}: {name} is not followed; "
                "what it sets or changes is not seen"
            )
            self._touch_loosely(rest[1:], f"{name}, which is never executed", assigned_only=True)
        elif name in _ENDS:
            self._end(rest[0], reason)
        elif name == "exec" and len(rest) > 1:
            self._stopped = self._stopped or "exec, after which nothing is read"
        elif name == "set" and reason:
            self._stopped = self._stopped or f"set in {reason}"
        elif name is None or name in _SETS_NAMES or (name == "export" and reason):
            self._touch_loosely(rest[1:], reason or f"{name or 'a computed command'}")
        elif name == "export":
            self._touch_loosely(rest[1:], "export after an assignment")
        elif name == "printf" and len(rest) > 1 and rest[1].literal.startswith("-v"):
            self._touch_loosely(rest[1:3], reason or "printf -v")
        elif not rest[0].parts or isinstance(rest[0].parts[0], Dynamic):
            self._touch_loosely(rest, reason or "an arithmetic command")

    def _end(self, word: Word, reason: str) -> None:
        """Note that the file may end here; an `exit` on a condition ends the reader too."""
        if reason and (word.plain == "exit" or reason == "a function"):
            return
        self._stopped = self._stopped or f"{word.plain} before it"

    def _touch_assignment(self, word: Word, reason: str) -> None:
        match = _assignment(word)
        name = match.group(1) if match else word.literal.partition("[")[0]
        self._mark(name, word.line, reason)

    def _touch_loosely(
        self, words: Iterable[Word], reason: str, *, assigned_only: bool = False
    ) -> None:
        """Mark every name that the words mention, and export what they may export."""
        for word in words:
            text = word.literal
            if text.startswith("-") and not assigned_only:
                continue
            names = set(_NAMES_ASSIGNED.findall(text))
            found = set(_NAMES.findall(text))
            names |= found & self._values.keys() if assigned_only else found
            for name in sorted(names):
                self._mark(name, word.line, reason)

    def _touch_parts(self, parts: Iterable[Part], line: int, reason: str) -> None:
        for part in parts:
            if isinstance(part, Parameter):
                if part.operator in ("=", ":="):
                    self._mark(part.name, line, reason)
                self._touch_parts(part.word, line, reason)
            elif isinstance(part, Dynamic):
                self._line = line
                self._arithmetic(part)

    def _arithmetic(self, part: Dynamic) -> None:
        """Mark what an arithmetic expansion may assign."""
        inside = part.source
        if part.reason == "command substitution" or not _ARITHMETIC_ASSIGNS.search(inside):
            return
        for name in sorted(set(_NAMES.findall(inside))):
            self._mark(name, self._line, part.reason)


def _assignment(word: Word) -> re.Match[str] | None:
    """Return the match of `NAME=` or `NAME+=` that begins a word, unquoted."""
    if not word.parts or not isinstance(word.parts[0], Text) or word.parts[0].quoted:
        return None
    return _ASSIGNMENT.match(word.parts[0].text)


def _split(words: list[Word]) -> tuple[list[Word], list[Word]]:
    """Split a command into the assignments before it and its own words."""
    for index, word in enumerate(words):
        head = word.parts[0] if word.parts else None
        element = isinstance(head, Text) and not head.quoted and _ARRAY_ELEMENT.match(head.text)
        if not _assignment(word) and not (element and "]=" in word.literal):
            return words[:index], words[index:]
    return words, []


def _after(parts: tuple[Part, ...], length: int) -> tuple[Part, ...]:
    """Return the parts without the first characters, which are unquoted text."""
    head = parts[0]
    rest = head.text[length:] if isinstance(head, Text) else ""
    return ((Text(rest, quoted=False),) if rest else ()) + parts[1:]


def _has_tilde(last: str, text: str) -> bool:
    return ":~" in text or (text.startswith("~") and last in ("", ":"))


def _is_null(redirection: object) -> bool:
    target = getattr(redirection, "target", None)
    return isinstance(target, Word) and target.plain in ("/dev/null", "1", "2", "&1", "&2")


def _ends_with_o(arguments: list[str | None], index: int) -> bool:
    before = arguments[index - 1] if index else None
    return before is not None and before[:1] in "-+" and before.endswith("o")
