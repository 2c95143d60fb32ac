"""The variables of a shell that never runs anything: what is certain, and what is not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_VALUE_CHARS = 131_072
"""A longer value cannot be handed to a program: Linux allows 128 KiB for one string."""

_BUDGET_CHARS = 64 * 1024 * 1024
_NAMES = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*")

ALWAYS_DYNAMIC = frozenset(
    [
        "BASHOPTS",
        "BASHPID",
        "BASH_ALIASES",
        "BASH_ARGC",
        "BASH_ARGV",
        "BASH_ARGV0",
        "BASH_CMDS",
        "BASH_COMMAND",
        "BASH_COMPAT",
        "BASH_LINENO",
        "BASH_REMATCH",
        "BASH_SOURCE",
        "BASH_SUBSHELL",
        "BASH_VERSINFO",
        "COMP_WORDBREAKS",
        "DIRSTACK",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HISTCMD",
        "LINENO",
        "PIPESTATUS",
        "POSIXLY_CORRECT",
        "PPID",
        "RANDOM",
        "SECONDS",
        "SHELLOPTS",
        "SRANDOM",
        "UID",
        "_",
    ]
)
"""Variables whose value is the shell's business, whatever is assigned to them."""

FROM_THE_SHELL = frozenset(
    [
        "BASH",
        "BASH_VERSION",
        "COLUMNS",
        "HOME",
        "HOSTNAME",
        "HOSTTYPE",
        "IFS",
        "LANG",
        "LC_ALL",
        "LINES",
        "LOGNAME",
        "MACHTYPE",
        "OLDPWD",
        "OPTARG",
        "OPTERR",
        "OPTIND",
        "OSTYPE",
        "PATH",
        "PS4",
        "PWD",
        "SHELL",
        "SHLVL",
        "TERM",
        "TMPDIR",
        "USER",
    ]
)
"""Variables that every shell or login has; without a value given they are unknown, not empty."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A variable whose value only running the file would tell; `line` counts from 1."""

    name: str
    line: int
    file: str
    reason: str


class Unknown(Exception):
    """A value depends on something that is not evaluated; the text says on what."""


class Variables:
    """Values, marks and exports, as the file is followed.

    Attributes:
        exported: Names that are, or may be, exported.
        literals: Names that an assignment without an expansion has set.
        defaulted: How often a name was set by its own default form.
        export_all: `set -a` is on.
        strict: `set -u` is on.
        stopped: Why nothing further is certain; "" while it is.
        watched: Collects the names that are marked, while set.
    """

    def __init__(self, environment: Mapping[str, str], file: str) -> None:
        self.file = file
        self.exported: set[str] = set(environment)
        self.literals: set[str] = set()
        self.defaulted: Counter[str] = Counter()
        self.export_all = False
        self.strict = False
        self.stopped = ""
        self.watched: set[str] | None = None
        self._environment = frozenset(environment)
        self._values: dict[str, str] = dict(environment)
        self._unknown: dict[str, Unresolved] = {}
        self._touched: set[str] = set()
        self._frozen: dict[str, bool] = {}
        self._budget = _BUDGET_CHARS

    def inherit(
        self, values: Mapping[str, str], exported: Iterable[str], unknown: Iterable[Unresolved]
    ) -> None:
        """Begin with what another file left behind."""
        self._values.update(values)
        self.exported.update(exported)
        self._unknown.update({entry.name: entry for entry in unknown})

    @property
    def values(self) -> dict[str, str]:
        """The certain values of what the file touched."""
        certain = self._values.keys() & self._touched - self._unknown.keys()
        return {name: value for name, value in self._values.items() if name in certain}

    @property
    def unresolved(self) -> list[Unresolved]:
        """What the file touched and left uncertain."""
        return [entry for entry in self._unknown.values() if entry.name in self._touched]

    @property
    def touched(self) -> frozenset[str]:
        """Names that the file assigns or exports, or may."""
        return frozenset(self._touched)

    def is_set(self, name: str) -> bool:
        """Whether a variable has a value, be it empty."""
        return name in self._values

    def is_unknown(self, name: str) -> bool:
        """Whether a variable's value is uncertain."""
        return name in self._unknown

    def get(self, name: str, *, lenient: bool = False) -> str:
        """Return a value, "" for a variable that is not set.

        Args:
            lenient: The form asks for an unset variable on purpose, which `set -u` allows.

        Raises:
            Unknown: the value is uncertain.
        """
        if name in self._unknown:
            raise Unknown(f"it refers to {name}, which is not known")
        if name in ALWAYS_DYNAMIC or (name in FROM_THE_SHELL and name not in self._values):
            raise Unknown(f"it refers to {name}, which the shell sets")
        if self.strict and not lenient and name not in self._values:
            raise Unknown(f"it refers to {name}, which is not set, under set -u")
        return self._values.get(name, "")

    def spend(self, chars: int) -> None:
        """Take characters from what expansions may make, so that doubling stays cheap.

        Raises:
            Unknown: one value, or all of them together, grow too long.
        """
        self._budget -= chars
        if chars > MAX_VALUE_CHARS or self._budget < 0:
            raise Unknown("a value that grows too long")

    def export(self, name: str) -> None:
        """Mark a name as exported."""
        self.exported.add(name)
        self._touched.add(name)

    def store(self, name: str, value: str, line: int) -> None:
        """Set a variable, unless the shell or a declaration keeps it from taking the value."""
        read_only = self._frozen.get(name)
        if read_only is not None or name in ALWAYS_DYNAMIC:
            self.mark(name, line, "a variable with a rule of its own (declared, or the shell's)")
            self.stopped = self.stopped or ("an assignment to a constant" if read_only else "")
            return
        self._touched.add(name)
        self._unknown.pop(name, None)
        self._values[name] = value
        if self.export_all:
            self.exported.add(name)

    def mark(self, name: str, line: int, reason: str) -> None:
        """Make a variable uncertain."""
        self._touched.add(name)
        if self.watched is not None:
            self.watched.add(name)
        self._unknown[name] = Unresolved(name, line, self.file, reason)
        if self.export_all:
            self.exported.add(name)

    def mark_all(self, text: str, line: int, reason: str, *, known_only: bool = False) -> None:
        """Make every variable that a text mentions uncertain, and perhaps exported."""
        names = set(_NAMES.findall(text))
        for name in sorted(names & self._values.keys() if known_only else names):
            self.mark(name, line, reason)
            self.exported.add(name)

    def doubt(self, line: int, reason: str) -> None:
        """Make everything uncertain that this file or an earlier one has set."""
        for name in sorted(self._values.keys() - self._environment | self._touched):
            if name not in self._unknown:
                self.mark(name, line, reason)

    def freeze(self, text: str, *, read_only: bool) -> None:
        """Note that later assignments to the names in a text may not do what they say."""
        for name in _NAMES.findall(text):
            self._frozen[name] = self._frozen.get(name, False) or read_only
