"""What the variables of a shell assignment file are worth, told without running it.

Source: record contract, section 4 (assignment forms); the Bash Reference Manual, section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry.errors import InvalidArgument
from registry.project.commands import Commands
from registry.project.shell_state import Unresolved, Variables
from registry.project.statements import Statements


@dataclass(frozen=True, slots=True)
class Assignments:
    """The variables that a file leaves behind.

    Attributes:
        values: Every variable that the file sets or exports and whose value is certain.
        exported: Names among them, and among the unresolved, that the file exports, or may
            export where only running it would tell.
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
    text: str,
    *,
    environment: Mapping[str, str] | None = None,
    inherited: Assignments | None = None,
    file: str,
) -> Assignments:
    """Return the variables that a shell would hold after reading the text; nothing is run.

    Args:
        environment: Variables that the shell would have inherited. One shows in the result
            only when the file sets or exports it.
        inherited: What another file, read by the same shell before, left behind.
        file: The file's name, for messages.

    Raises:
        InvalidArgument: the text has a NUL character.

    Source: record contract, section 4, and its vectors `assignment_forms`.
    """
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidArgument(f"{file} line {line}: a NUL character", hint="is this a text file?")
    statements = Statements(text)
    variables = Variables(environment or {}, file)
    if inherited is not None:
        variables.inherit(inherited.values, inherited.exported, inherited.unresolved)
    commands = Commands(variables, statements.functions)
    for together in statements.lines():
        for command in together:
            commands.take(command)
    if failure := statements.failure:
        where = f"{file} line {failure.line}"
        commands.notices.append(f"{where}: not read further: {failure.reason}")
    return _result(variables, commands.notices)


def _result(variables: Variables, notices: list[str]) -> Assignments:
    values = variables.values
    unresolved = sorted(variables.unresolved, key=lambda entry: (entry.line, entry.name))
    present = values.keys() | {entry.name for entry in unresolved}
    return Assignments(
        file=variables.file,
        values=values,
        exported=frozenset(variables.exported & variables.touched & present),
        unresolved=tuple(unresolved),
        literals=frozenset(variables.literals),
        defaulted=dict(variables.defaulted),
        notices=tuple(notices),
    )
