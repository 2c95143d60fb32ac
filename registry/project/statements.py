"""Shell source as a list of simple commands, each marked when it may not run as written.

A command is `certain` when it runs exactly once, in this shell, in its place. Whatever stands
inside `if`, loops, `case`, groups, subshells, functions, pipelines, `&&` and `||` lists is not.

Source: the Bash Reference Manual, section 3.2 (shell commands); record contract, section 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from registry.project.skipping import SourceError
from registry.project.words import Operator, Redirection, Token, Word, Words

_CLOSERS = {
    "if": "fi",
    "while": "done",
    "until": "done",
    "for": "done",
    "select": "done",
    "case": "esac",
    "{": "}",
}
_CONTINUING = {"then": "fi", "else": "fi", "elif": "fi", "do": "done"}
_DECLARING = ("declare", "export", "local", "readonly", "typeset")
_CONDITIONAL = ("&&", "||", "|", "|&", "&")
_CASE_ENDS = (";;", ";&", ";;&")
_ASSIGNED = re.compile(
    r"(?:^|(?<=[\s;&|({`]))([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]\n]*\])?\+?=", re.MULTILINE
)


@dataclass(slots=True)
class Command:
    """One simple command.

    Attributes:
        construct: What makes it uncertain, such as "a conditional"; "" when it is certain.
        function: It stands in a function's body, and runs when that is called.
        names: Variables that the construct around it sets by itself (`for NAME in ...`).
    """

    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    construct: str = ""
    function: bool = False
    names: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Frame:
    """An open compound: what closes it, what it is, and where a `case` stands."""

    closer: str
    construct: str
    function: bool = False
    in_pattern: bool = False
    empty: bool = True


class Statements:
    """Groups the tokens of a source into commands, a complete line at a time.

    Attributes:
        functions: Names of the functions that the source defines, as far as it was read.
        failure: What stopped the reading, None while nothing did.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = Words(text)
        self._frames: list[_Frame] = []
        self._ready: list[Command] = []
        self._command = Command()
        self._conditional = ""
        self._function_next = False
        self._closed = False
        self._begin = 0
        self.functions: set[str] = set()
        self.failure: SourceError | None = None

    def lines(self) -> Iterator[list[Command]]:
        """Yield the commands of each complete line, as a shell would run them.

        After a syntax error nothing is certain: one last list names, as uncertain commands,
        everything that the rest of the source seems to assign.
        """
        try:
            while (token := self._words.next()) is not None:
                self._take(token)
                if isinstance(token, Operator) and token.symbol == "\n" and self._complete():
                    yield self._flush()
            self._end_command()
            self._check_closed()
            yield self._flush()
        except SourceError as error:
            self.failure = SourceError(error.reason, error.line or self._words.line)
            yield self._rest(error.reason)

    def _check_closed(self) -> None:
        if self._frames:
            raise SourceError(f"{self._frames[-1].construct} that is never closed")

    def _complete(self) -> bool:
        return not self._frames and not self._conditional and not self._function_next

    def _flush(self) -> list[Command]:
        ready, self._ready = self._ready, []
        for body, line in self._words.heredoc_bodies:
            names = tuple((name, line) for name in _names_assigned_in(body))
            if names:
                ready.append(Command(construct="a here-document", names=names))
        self._words.heredoc_bodies.clear()
        self._begin = self._words.position
        return ready

    def _rest(self, reason: str) -> list[Command]:
        line = self._text.count("\n", 0, self._begin) + 1
        counted = self._begin
        names = []
        for found in _ASSIGNED.finditer(self._text, self._begin):
            line += self._text.count("\n", counted, found.start())
            counted = found.start()
            names.append((found.group(1), line))
        return [Command(construct=f"source that cannot be read ({reason})", names=tuple(names))]

    def _take(self, token: Token) -> None:
        if isinstance(token, Redirection):
            self._command.redirections.append(token)
            if token.variable:
                self._command.names += ((token.variable, token.line),)
        elif isinstance(token, Operator):
            self._operator(token)
        elif self._in_pattern():
            if token.plain == "esac":
                self._close("esac", token)
        elif self._command.words or self._command.redirections:
            if self._closed:
                raise SourceError("a word after the end of a compound command", token.line)
            self._command.words.append(token)
        else:
            self._first_word(token)

    def _in_pattern(self) -> bool:
        return bool(self._frames) and self._frames[-1].in_pattern

    def _operator(self, token: Operator) -> None:
        if self._in_pattern():
            self._pattern_operator(token)
        elif token.symbol == "(":
            self._parenthesis(token)
        elif token.symbol == ")":
            self._end_command()
            self._close(")", token)
        elif token.symbol in _CASE_ENDS:
            self._end_command()
            self._case_end(token)
        elif token.symbol in _CONDITIONAL:
            self._connect(token)
        else:
            self._end_list(token)

    def _connect(self, token: Operator) -> None:
        if not self._command.words and not self._command.redirections and not self._closed:
            raise SourceError(f"nothing before {token.symbol}", token.line)
        pipe = token.symbol in ("|", "|&")
        self._conditional = "a pipeline" if pipe else "a conditional list"
        if token.symbol == "&":
            self._conditional = "a background command"
        self._end_command()
        if token.symbol == "&":
            self._conditional = ""

    def _end_list(self, token: Operator) -> None:
        """End a list at a semicolon or newline; a line after `&&` continues it."""
        empty = not self._command.words and not self._command.redirections and not self._closed
        if token.symbol == "\n" and empty:
            return
        if empty and not self._function_next:
            raise SourceError("nothing before ;", token.line)
        self._end_command()
        self._conditional = ""

    def _pattern_operator(self, token: Operator) -> None:
        if token.symbol == ")":
            self._frames[-1].in_pattern = False
        elif token.symbol not in ("(", "|", "\n"):
            raise SourceError(f"{token.symbol!r} in a case pattern", token.line)

    def _case_end(self, token: Operator) -> None:
        if not self._frames or self._frames[-1].closer != "esac":
            raise SourceError(f"{token.symbol} outside of case", token.line)
        self._frames[-1].in_pattern = True

    def _parenthesis(self, token: Operator) -> None:
        words = self._command.words
        if len(words) == 1 and (name := words[0].plain) is not None and "=" not in name:
            closing = self._words.next()
            if not isinstance(closing, Operator) or closing.symbol != ")":
                raise SourceError("a parenthesis after a word", token.line)
            self._command = Command()
            self._define(name)
        elif words or self._command.redirections:
            raise SourceError("a parenthesis after a word", token.line)
        elif self._text.startswith("(", self._words.position):
            inside = self._words.skip_arithmetic()
            self._command.words.append(Word((inside,), token.line))
            self._closed = True
        else:
            self._open(")", "a subshell")

    def _define(self, name: str) -> None:
        self.functions.add(name)
        self._function_next = True

    def _open(self, closer: str, construct: str) -> None:
        function = self._function_next
        self._function_next = False
        construct = "a function" if function else construct
        self._frames.append(_Frame(closer, construct, function))
        self._closed = False

    def _close(self, closer: str, token: Word | Operator) -> None:
        if not self._frames or self._frames[-1].closer != closer:
            raise SourceError(f"{closer!r} closes nothing", token.line)
        if self._frames[-1].empty and closer != "esac":
            raise SourceError("an empty compound command", token.line)
        self._frames.pop()
        self._closed = True
        self._fill()

    def _first_word(self, word: Word) -> None:
        plain = word.plain
        if plain in _CLOSERS.values():
            self._close(str(plain), word)
        elif plain in _CONTINUING:
            self._continue(plain, word)
        elif self._closed or plain == "]]":
            raise SourceError("a word after the end of a compound command", word.line)
        elif plain in _CLOSERS:
            self._compound(plain, word)
        elif plain == "function":
            self._function(word)
        elif plain in ("!", "time", "coproc"):
            self._conditional = self._conditional or f"{plain!r}"
        elif plain == "[[":
            self._command.words.append(self._words.condition(word.line))
            self._closed = True
        else:
            self._command.words.append(word)

    def _continue(self, plain: str, word: Word) -> None:
        if not self._frames or self._frames[-1].closer != _CONTINUING[plain]:
            raise SourceError(f"{plain!r} in no compound command", word.line)
        if self._frames[-1].empty:
            raise SourceError(f"nothing before {plain!r}", word.line)
        self._frames[-1].empty = True
        self._closed = False

    def _fill(self) -> None:
        if self._frames:
            self._frames[-1].empty = False

    def _compound(self, plain: str, word: Word) -> None:
        constructs = {"if": "a conditional", "case": "a conditional", "{": "a group"}
        self._open(_CLOSERS[plain], constructs.get(plain, "a loop"))
        if plain == "case":
            self._case_head(word)
        elif plain in ("for", "select"):
            self._loop_head(word)

    def _loop_head(self, word: Word) -> None:
        variable = self._words.next()
        if isinstance(variable, Operator) and variable.symbol == "(":
            inside = self._words.skip_arithmetic()
            self._command.words.append(Word((inside,), word.line))
            self._end_command()
        elif isinstance(variable, Word) and variable.plain:
            self._command.names += ((variable.plain, variable.line), ("REPLY", variable.line))
            self._command.words.append(Word((), word.line))
        else:
            raise SourceError("a loop without a variable", word.line)

    def _case_head(self, word: Word) -> None:
        subject = self._words.next()
        token = self._words.next()
        while isinstance(token, Operator) and token.symbol == "\n":
            token = self._words.next()
        if not isinstance(subject, Word) or not isinstance(token, Word) or token.plain != "in":
            raise SourceError("case without in", word.line)
        self._ready.append(Command([Word((), word.line), subject], construct="a conditional"))
        self._frames[-1].in_pattern = True

    def _function(self, word: Word) -> None:
        name = self._words.next()
        if not isinstance(name, Word) or name.plain is None:
            raise SourceError("a function without a name", word.line)
        following = self._words.next()
        self._define(name.plain)
        if isinstance(following, Operator) and following.symbol == "(":
            closing = self._words.next()
            if not isinstance(closing, Operator) or closing.symbol != ")":
                raise SourceError("a function's parentheses", word.line)
        elif following is not None:
            self._take(following)

    def _end_command(self) -> None:
        command, self._command = self._command, Command()
        self._closed = False
        if not command.words and not command.redirections and not command.names:
            return
        if self._function_next:
            raise SourceError("a function without a body", command.words[0].line)
        _refuse_arrays(command)
        self._fill()
        construct = self._frames[-1].construct if self._frames else self._conditional
        command.construct = construct
        command.function = any(frame.function for frame in self._frames)
        self._ready.append(command)


def _refuse_arrays(command: Command) -> None:
    """Refuse `A=(...)` where a shell does: after a command that is no declaration."""
    start = next((i for i, word in enumerate(command.words) if not word.assignment), None)
    arguments = [] if start is None else command.words[start:]
    if arguments and arguments[0].plain in _DECLARING:
        arguments = []
    targets = [r.target for r in command.redirections if r.target is not None]
    for word in (*arguments, *targets):
        if word.has_array:
            raise SourceError("an array as an argument", word.line)


def _names_assigned_in(body: str) -> list[str]:
    """Return the variables that expanding a here-document may set."""
    if "$((" in body or "$[" in body:
        return sorted(set(re.findall(r"[A-Za-z_]\w*", body)))
    return sorted(set(re.findall(r"\$\{(\w+):?=", body)))
