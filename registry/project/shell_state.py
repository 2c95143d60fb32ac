"""What a shell brings along before it reads a file, and the bounds that keep us from trouble."""

from __future__ import annotations

from dataclasses import dataclass

MAX_VALUE_CHARS = 131_072
"""A longer value cannot be handed to a program: Linux allows 128 KiB for one string."""

_BUDGET_CHARS = 64 * 1024 * 1024

ALWAYS_DYNAMIC = frozenset(
    {
        "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS",
        "BASH_COMMAND", "BASH_LINENO", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO",
        "COMP_WORDBREAKS", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME",
        "GROUPS", "HISTCMD", "LINENO", "PIPESTATUS", "PPID", "RANDOM", "SECONDS", "SHELLOPTS",
        "SRANDOM", "UID", "_",
    }
)
"""Variables whose value is the shell's business, whatever is assigned to them."""

FROM_THE_SHELL = frozenset(
    {
        "BASH", "BASH_VERSION", "COLUMNS", "HOME", "HOSTNAME", "HOSTTYPE", "IFS", "LANG", "LC_ALL",
        "LINES", "LOGNAME", "MACHTYPE", "OLDPWD", "OPTARG", "OPTERR", "OPTIND", "OSTYPE", "PATH",
        "PS4", "PWD", "SHELL", "SHLVL", "TERM", "TMPDIR", "USER",
    }
)
"""Variables that every shell or login has; without a value given they are unknown, not empty."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A variable whose value only running the file would tell; `line` counts from 1."""

    name: str
    line: int
    file: str
    reason: str


class Budget:
    """How many characters expansions may still make, so that doubling values stay cheap."""

    def __init__(self) -> None:
        self._left = _BUDGET_CHARS

    def spend(self, chars: int) -> bool:
        """Take from the budget; False when it does not reach."""
        self._left -= chars
        return self._left >= 0
