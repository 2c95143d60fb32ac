"""What simple commands do to variables: exactly for assignments, cautiously for the rest.

Source: the Bash Reference Manual, sections 3.7.1 (simple command expansion) and 4 (builtins).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry.project.expansion import Expansion
from registry.project.shell_state import Unknown, Variables
from registry.project.statements import Command, Statements, names_set_in
from registry.project.words import Dynamic, Parameter, Part, Redirection, Text, Word

_MAX_CALL_WORK = 200_000
"""How many variables calls of functions may touch altogether, so that reading stays linear."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_STOPPING = re.compile(r"\b(?:return|exit|exec|set|shopt|enable)\b(?![./-])")
_TRAPPED = re.compile(r"(?:DEBUG|ERR|RETURN)\Z|\$|`", re.IGNORECASE)
"""What makes a trap run, perhaps, while the file is read."""

_NAME_PIECE = re.compile(r"[\w\[\]=+-]*")
_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*)(?=\[|\+?=)")
_SAFE_UNQUOTED = re.compile(r"[A-Za-z0-9_=./:@%+,^-]*\Z")
_SETS_NAMES = frozenset(
    [
        "alias",
        "builtin",
        "command",
        "declare",
        "enable",
        "env",
        "getopts",
        "hash",
        "let",
        "local",
        "mapfile",
        "read",
        "readarray",
        "readonly",
        "shopt",
        "trap",
        "typeset",
        "unset",
        "wait",
    ]
)
_DECLARES = frozenset({"declare", "local", "readonly", "trap", "typeset"})
_PREFIXES = ("command", "builtin")
_NAMES_VARIABLES = _SETS_NAMES - {"alias", "command", "builtin", "enable", "env", "hash", "trap"}
_CHANGES_THE_READING = frozenset({"enable", "shopt"})
_IMPLIED = {
    "cd": "PWD OLDPWD",
    "getopts": "OPTARG OPTIND",
    "mapfile": "MAPFILE",
    "popd": "PWD OLDPWD",
    "pushd": "PWD OLDPWD",
    "read": "REPLY",
    "readarray": "MAPFILE",
}
"""Variables that a command sets without naming them."""

_ENTERED = ("a condition", "an arithmetic command")
_RUNS_TEXT = frozenset({"eval", "source", "."})
_ENDS = frozenset({"return", "exit", "break", "continue"})
_HARMLESS_OPTIONS = frozenset("euxvfhBCETbmPao")
_HARMLESS_LONG = frozenset(
    [
        "allexport",
        "braceexpand",
        "errexit",
        "errtrace",
        "functrace",
        "hashall",
        "monitor",
        "noclobber",
        "noglob",
        "notify",
        "nounset",
        "physical",
        "pipefail",
        "verbose",
        "xtrace",
    ]
)


class Commands:
    """Follows commands over the variables.

    Attributes:
        notices: What the file does besides, in sentences.
    """

    def __init__(self, variables: Variables, functions: set[str]) -> None:
        self._variables = variables
        self._expansion = Expansion(variables)
        self._functions = functions
        self._in_functions: set[str] = set()
        self._functions_compute = False
        self._doubted = False
        self._call_work = _MAX_CALL_WORK
        self.notices: list[str] = []

    def take(self, command: Command) -> None:
        """Do what the command certainly does, and mark what else it may change."""
        reason = command.construct or self._variables.stopped
        if command.unread is not None:
            self._unread(command.unread, command.construct)
        for name, line in command.names:
            self._variables.mark(name, line, command.construct or "set by a redirection")
        for redirection in command.redirections:
            if redirection.target is not None:
                target = redirection.target
                self._expansion.touch(target.parts, target.line, reason or "a redirection")
        if not command.words:
            return
        if reason or not all(map(_cannot_fail, command.redirections)):
            self._touch(command, reason or "a command with a redirection")
            return
        assignments, rest = _split(command.words)
        if rest:
            self._run(assignments, rest)
            return
        for word in assignments:
            self._assign(word)

    def _run(self, assignments: list[Word], rest: list[Word]) -> None:
        plain = rest[0].plain if rest[0].plain not in self._functions else None
        if plain == "export" and not assignments:
            self._export(rest[1:])
            return
        if _command_name(rest[0]) == "set" and "set" not in self._functions:
            self._set(rest[1:])
            return
        for word in (*rest, *assignments):
            self._expansion.side_effects(word)
        for word in assignments if self._acts_here(rest[0]) else ():
            self._touch_assignment(word, "an assignment before a command")
        self._touch_by_name(rest, "")

    def _acts_here(self, word: Word) -> bool:
        """Whether a command is, or may be, one of the shell's own or a function."""
        name = _command_name(word)
        known = _SETS_NAMES | _RUNS_TEXT | _ENDS | {"export", "exec", ":", ""}
        return name in known or name in self._functions

    # --- certain ----------------------------------------------------------------------------

    def _assign(self, word: Word) -> None:
        match = word.assignment
        if match is None or match.group(2):
            self._touch_assignment(word, "an array")
            self._expansion.touch(word.parts, word.line, "an array")
            return
        self._store(match.group(1), self._value(word, match), word, appended=bool(match.group(3)))

    def _value(self, word: Word, match: re.Match[str]) -> str | Unknown:
        """Return what stands behind the equals sign, or why only a shell would tell."""
        name, appended = match.group(1), bool(match.group(3))
        parts = _after(word.parts, match.end())
        if len(parts) == 1 and isinstance(parts[0], Parameter):
            own = parts[0].name == name and parts[0].operator in (":-", "-")
            self._variables.defaulted[name] += own
        elif not appended and all(isinstance(part, Text) for part in parts):
            self._variables.literals.add(name)
        try:
            return self._expansion.text(parts, word.line)
        except Unknown as unknown:
            return unknown

    def _store(self, name: str, value: str | Unknown, word: Word, *, appended: bool) -> None:
        if isinstance(value, str) and appended:
            try:
                value = self._variables.get(name, lenient=True) + value
                self._variables.spend(len(value))
            except Unknown as unknown:
                value = unknown
        if isinstance(value, str):
            self._variables.store(name, value, word.line)
        else:
            self._variables.mark(name, word.line, str(value))

    def _export(self, words: list[Word]) -> None:
        if words and words[0].plain == "--":
            words = words[1:]
        elif words and words[0].literal.startswith("-"):
            if words[0].plain != "-p" or len(words) > 1:
                self._touch_loosely(words, "export with options")
            return
        ready = [self._exported(word) for word in words]
        for word, (name, value) in zip(words, ready, strict=True):
            if not name:
                self._computed_export(word)
                continue
            self._variables.export(name)
            if value is not None:
                match = word.assignment
                self._store(name, value, word, appended=bool(match and match.group(3)))

    def _computed_export(self, word: Word) -> None:
        self._touch_loosely([word], "an export that is computed")
        self.notices.append(
            f"{self._variables.file} line {word.line}: export of something computed; "
            "what it sets is not seen"
        )

    def _exported(self, word: Word) -> tuple[str, str | Unknown | None]:
        """Return name and value of one argument of `export`; no name for a computed one."""
        match = word.assignment
        if match and not match.group(2):
            value = self._value(word, match)
            if "{" in _unquoted(word) and _has_alternatives(word.literal):
                value = Unknown("braces, which bash expands here")
            return match.group(1), value
        splits = any(isinstance(p, Parameter) and not p.quoted for p in word.parts)
        if match or splits or not _SAFE_UNQUOTED.match(_unquoted(word)):
            self._expansion.side_effects(word)
            return "", None
        try:
            text = self._expansion.text(word.parts, word.line, tilde=False)
        except Unknown:
            return "", None
        name, separator, value = text.partition("=")
        return (name, value if separator else None) if _NAME.match(name) else ("", None)

    def _set(self, words: list[Word]) -> None:
        """Follow `set -a` and `set -u`; stop at an option that changes how the rest is read."""
        before = ""
        for argument in (word.plain for word in words):
            if argument and before[:1] in ("-", "+") and before.endswith("o"):
                self._option(argument, on=before[0] == "-")
            elif not argument or argument in ("--", "-") or argument[0] not in "-+":
                return
            else:
                self._letters(argument)
            before = argument

    def _letters(self, argument: str) -> None:
        on = argument[0] == "-"
        letters = set(argument[1:])
        if not letters <= _HARMLESS_OPTIONS:
            self._stop(f"set {argument}")
        if "a" in letters:
            self._variables.export_all = on
        if "u" in letters:
            self._variables.strict = on

    def _option(self, name: str, *, on: bool) -> None:
        if name not in _HARMLESS_LONG:
            self._stop(f"set -o {name}")
        if name == "allexport":
            self._variables.export_all = on
        if name == "nounset":
            self._variables.strict = on

    # --- what may change --------------------------------------------------------------------

    def _stop(self, reason: str) -> None:
        self._variables.stopped = self._variables.stopped or f"what follows {reason}"

    def _touch(self, command: Command, reason: str) -> None:
        """Mark what a command may change, without saying that it does."""
        self._variables.watched = self._in_functions if command.function else None
        assignments, rest = _split(command.words)
        for word in command.words:
            self._expansion.touch(word.parts, word.line, reason)
        for word in assignments:
            self._touch_assignment(word, reason)
        if rest:
            self._touch_by_name(rest, reason)
        self._variables.watched = None

    def _touch_by_name(self, rest: list[Word], reason: str) -> None:
        """Mark what a command may change by what it is called."""
        if _command_name(rest[0]) in _PREFIXES:
            rest = _without_prefixes(rest)
            if _command_name(rest[0]) == "set":
                self._stop("set behind a prefix")
        name, word = _command_name(rest[0]), rest[0]
        if name in self._functions:
            self._call(name, word)
        elif name in _RUNS_TEXT:
            self._run_text(name, rest)
        elif name in _ENDS:
            # A condition that exits ends the reader too; a function's return only itself.
            if not reason or (name != "exit" and reason != "a function"):
                self._stop(name)
        elif name == "exec" and len(rest) > 1:
            self._stop(name)
        elif name == "set" and reason:
            self._stop(f"set in {reason}")
        elif name == "":
            self._computed(rest, reason)
        else:
            self._builtin(name, rest, reason)

    def _builtin(self, name: str, rest: list[Word], reason: str) -> None:
        """Mark what one of the shell's own commands may change by its arguments."""
        line = rest[0].line
        if name == "printf":
            self._printf(rest[1:3], reason or "printf -v")
        if name in _IMPLIED:
            self._variables.mark_all(_IMPLIED[name], line, reason or name, known_only=True)
        if name in _CHANGES_THE_READING:
            self._stop(name)
        if name in _SETS_NAMES or name == "export":
            self._touch_loosely(rest[1:], reason or f"{name}, which is not followed")
            self._declare(name, rest[1:])
        traps = name == "trap" and any(_TRAPPED.search(word.literal) for word in rest[1:])
        if traps or (name in _NAMES_VARIABLES and any(map(_may_name, rest[1:]))):
            self._doubt_everything(line)

    def _printf(self, words: list[Word], reason: str) -> None:
        if words and words[0].literal.startswith("-v"):
            name = Word((Text(words[0].literal[2:], quoted=False),), words[0].line)
            self._touch_loosely([name, *words[1:]], reason)
            if any(map(_may_name, words)):
                self._doubt_everything(name.line)
        elif words and not isinstance(words[0].parts[0], Text) and _may_name(words[0]):
            self._doubt_everything(words[0].line)

    def _call(self, name: str, word: Word) -> None:
        self._call_work -= len(self._in_functions)
        if self._call_work < 0:
            self._stop("more calls of functions than are followed")
            return
        for touched in sorted(self._in_functions):
            self._variables.mark(touched, word.line, f"the function {name} may set it")
        if self._functions_compute:
            self._doubt_everything(word.line)

    def _unread(self, rest: Word, reason: str) -> None:
        """Mark what the source that could not be read may change, functions included."""
        self._variables.mark_all(rest.literal, rest.line, reason, known_only=True)
        for touched in sorted(self._in_functions):
            self._variables.mark(touched, rest.line, reason)

    def _doubt_everything(self, line: int) -> None:
        """Something computed may set any variable: nothing is certain, before it or after.

        In a function, that holds only once a function is called.
        """
        if self._variables.watched is not None:
            self._functions_compute = True
            return
        if not self._doubted:
            self._doubted = True
            self._variables.doubt(line, "something that is computed may change it")
            self.notices.append(
                f"{self._variables.file} line {line}: something computed is run; "
                "what it sets is not seen"
            )
        self._stop("something that is computed")

    def _run_text(self, name: str, rest: list[Word]) -> None:
        line = rest[0].line
        self.notices.append(
            f"{self._variables.file} line {line}: {name} is not followed; "
            "what it sets or changes is not seen"
        )
        reason = f"{name}, which is never executed"
        text = " ".join(word.literal for word in rest[1:])
        for assigned in names_set_in(text) if name == "eval" else _ASSIGNED.findall(text):
            self._variables.mark_all(assigned, line, reason)
        self._variables.mark_all(text, line, reason, known_only=True)
        self._variables.freeze(text, read_only=True)
        computed = any(not isinstance(part, Text) for word in rest[1:] for part in word.parts)
        if _STOPPING.search(text) or (name == "eval" and not computed and not _readable(text)):
            self._stop(name)

    def _computed(self, rest: list[Word], reason: str) -> None:
        """Mark what a command may change whose name is computed, or that is arithmetic."""
        self._touch_loosely(rest, reason or "a command that is computed")
        parts = rest[0].parts
        if parts and not (isinstance(parts[0], Dynamic) and parts[0].reason in _ENTERED):
            self._doubt_everything(rest[0].line)

    def _declare(self, name: str, words: Iterable[Word]) -> None:
        if name not in _DECLARES:
            return
        text = " ".join(word.literal for word in words)
        read_only = name not in ("declare", "local", "typeset") or bool(
            re.search(r"(?:^| )[-+][A-Za-z]*r", text)
        )
        self._variables.freeze(text, read_only=read_only)

    def _touch_assignment(self, word: Word, reason: str) -> None:
        match = word.assignment
        name = match.group(1) if match else word.literal.partition("[")[0]
        self._variables.mark(name, word.line, reason)

    def _touch_loosely(self, words: Iterable[Word], reason: str) -> None:
        """Mark every name that the words mention."""
        for word in words:
            text = word.literal
            if not text.startswith("-"):
                self._variables.mark_all(text, word.line, reason)


def _command_name(word: Word) -> str:
    """Return a command's name, quoted or not; "" for one that is computed.

    A quoted path that begins with a variable is a program, whatever the variable holds.
    """
    if all(isinstance(part, Text) for part in word.parts):
        return "" if _has_alternatives(_unquoted(word)) else word.literal
    quoted = all(isinstance(p, Text) or (isinstance(p, Parameter) and p.quoted) for p in word.parts)
    has_path = any(isinstance(part, Text) and "/" in part.text for part in word.parts)
    return "a program" if quoted and has_path else ""


def _may_name(word: Word) -> bool:
    """Whether a word may expand to a variable's name that it does not show."""
    if word.assignment:
        return False
    if all(isinstance(part, Text) for part in word.parts):
        return _has_alternatives(_unquoted(word))
    if any(
        isinstance(p, Dynamic) or (isinstance(p, Parameter) and not p.quoted) for p in word.parts
    ):
        return True
    text = "".join(part.text for part in word.parts if isinstance(part, Text))
    shown = isinstance(word.parts[0], Text) and _ASSIGNED.match(word.parts[0].text)
    return not shown and bool(_NAME_PIECE.fullmatch(text))


def _readable(text: str) -> bool:
    """Whether a text is commands without a syntax error."""
    statements = Statements(text)
    list(statements.lines())
    return statements.failure is None


def _unquoted(word: Word) -> str:
    """Return the text of a word that no quote protects."""
    return "".join(p.text for p in word.parts if isinstance(p, Text) and not p.quoted)


def _has_alternatives(text: str) -> bool:
    """Whether a text may be `{one,two}` or `{1..3}` to bash."""
    opened = text.find("{")
    if opened < 0:
        return False
    comma, dots = text.find(",", opened), text.find("..", opened)
    separator = min(comma, dots) if comma >= 0 and dots >= 0 else max(comma, dots)
    return separator >= 0 and text.find("}", separator) >= 0


def _without_prefixes(rest: list[Word]) -> list[Word]:
    """Return a command without `command`, `builtin` and their options before it."""
    for index, word in enumerate(rest):
        if _command_name(word) not in _PREFIXES and not word.literal.startswith("-"):
            return rest[index:]
    return rest[-1:]


def _split(words: list[Word]) -> tuple[list[Word], list[Word]]:
    """Split a command into the assignments before it and its own words."""
    for index, word in enumerate(words):
        if not word.assignment:
            return words[:index], words[index:]
    return words, []


def _after(parts: tuple[Part, ...], length: int) -> tuple[Part, ...]:
    """Return the parts without the first characters, which are unquoted text."""
    head = parts[0]
    rest = head.text[length:] if isinstance(head, Text) else ""
    return ((Text(rest, quoted=False),) if rest else ()) + parts[1:]


def _cannot_fail(redirection: Redirection) -> bool:
    """Whether a redirection works wherever the file is read."""
    target = redirection.target
    return target is None or target.plain in ("/dev/null", "1", "2")
