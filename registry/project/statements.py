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
from registry.project.words import Dynamic, Operator, Redirection, Token, Word, Words

_NEXT = {
    "if": ("then",),
    "then": ("elif", "else", "fi"),
    "elif": ("then",),
    "else": ("fi",),
    "while": ("do",),
    "until": ("do",),
    "for": ("do",),
    "select": ("do",),
    "do": ("done",),
    "case": ("esac",),
    "{": ("}",),
    "(": (")",),
}
"""Which reserved words may follow the part of a compound command that each one begins."""

_OPENERS = ("if", "while", "until", "for", "select", "case", "{")
_LATER = frozenset(word for words in _NEXT.values() for word in words)
_CONSTRUCTS = {
    "if": "a conditional",
    "case": "a conditional",
    "{": "a group",
    "(": "a subshell",
}
_TIME_OPTIONS = ("-p", "--")
_PATTERN_NEXT = {
    "": ("(", "word", "\n"),
    "(": ("word",),
    "word": ("|", ")"),
    "|": ("word",),
}
"""What may follow in the head of a `case` clause, which begins with nothing."""
_DECLARING = ("declare", "export", "local", "readonly", "typeset")
_CONDITIONAL = ("&&", "||", "|", "|&", "&")
_CASE_ENDS = (";;", ";&", ";;&")
_ASSIGNED = re.compile(
    r"(?:^|(?<=[\s;&|(){}<>$,]))([A-Za-z_][A-Za-z0-9_]*)(?=\[|:?\+?=)", re.MULTILINE
)
_SETTING = re.compile(r"\b(?:read|readarray|mapfile|printf|for|select|getopts|let)\b|\(\(|\$\[")
_NAME = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*")
_QUOTES = re.compile(r"[\"'`\\]")


@dataclass(slots=True)
class Command:
    """One simple command.

    Attributes:
        construct: What makes it uncertain, such as "a conditional"; "" when it is certain.
        function: It stands in a function's body, and runs when that is called.
        names: Variables that the construct around it sets by itself (`for NAME in ...`).
        unread: Source that could not be read; it may change every variable that it mentions.
    """

    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    construct: str = ""
    function: bool = False
    names: tuple[tuple[str, int], ...] = ()
    unread: Word | None = None


@dataclass(slots=True)
class _Frame:
    """An open compound: what may follow its current part, what it is, where a `case` stands."""

    following: tuple[str, ...]
    construct: str
    function: bool = False
    pattern: str | None = None
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
        self._pending = ""
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
            self._check_ended()
            yield self._flush()
        except SourceError as error:
            self.failure = SourceError(error.reason, error.line or self._words.line)
            yield self._rest(error.reason)

    def _check_ended(self) -> None:
        if self._frames:
            raise SourceError(f"{self._frames[-1].construct} that is never closed")
        if self._pending:
            raise SourceError(f"nothing after {self._pending}")

    def _complete(self) -> bool:
        return not self._frames and not self._conditional and not self._pending

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
        """Return the rest of the source as one command that may do whatever it mentions.

        A shell may have stopped where we did, or may run all of it.
        """
        first = self._text.count("\n", 0, self._begin) + 1
        rest = self._text[self._begin :]
        joined = _QUOTES.sub("", rest.replace("\\\n", ""))
        names: dict[str, int] = {}
        for line, text in enumerate(_QUOTES.sub("", rest).split("\n"), first):
            names |= dict.fromkeys(names_set_in(text), line)
        names |= {name: first for name in names_set_in(joined) if name not in names}
        construct = f"source that cannot be read ({reason})"
        unread = Word((Dynamic(construct, f"{rest}\n{joined}"),), first)
        return [Command(construct=construct, names=tuple(names.items()), unread=unread)]

    def _take(self, token: Token) -> None:
        if self._in_pattern():
            self._pattern(token)
        elif isinstance(token, Redirection):
            self._pending = ""
            self._command.redirections.append(token)
            if token.variable:
                self._command.names += ((token.variable, token.line),)
        elif isinstance(token, Operator):
            self._operator(token)
        elif self._command.words or self._command.redirections:
            if self._closed:
                raise SourceError("a word after the end of a compound command", token.line)
            self._command.words.append(token)
        else:
            self._first_word(token)

    def _in_pattern(self) -> bool:
        return bool(self._frames) and self._frames[-1].pattern is not None

    def _operator(self, token: Operator) -> None:
        if self._pending and token.symbol not in ("(", "\n"):
            raise SourceError(f"{token.symbol} after {self._pending}", token.line)
        if token.symbol == "(":
            self._parenthesis(token)
        elif token.symbol == ")":
            self._end_command()
            self._continue(")", token.line)
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
        else:
            self._pending = token.symbol

    def _end_list(self, token: Operator) -> None:
        """End a list at a semicolon or newline; a line after `&&` continues it."""
        empty = not self._command.words and not self._command.redirections and not self._closed
        if token.symbol == "\n" and empty:
            return
        if empty:
            raise SourceError("nothing before ;", token.line)
        self._end_command()
        self._conditional = ""

    def _pattern(self, token: Token) -> None:
        """Follow the head of a `case` clause, and the end of the `case`."""
        frame = self._frames[-1]
        if isinstance(token, Word) and token.plain == "esac":
            if frame.pattern:
                raise SourceError("esac within a case pattern", token.line)
            self._continue("esac", token.line)
            return
        symbol = "word" if isinstance(token, Word) else token.symbol
        if isinstance(token, Redirection) or symbol not in _PATTERN_NEXT[frame.pattern or ""]:
            raise SourceError(f"{symbol!r} in a case pattern", token.line)
        if symbol != "\n":
            frame.pattern = symbol if symbol != ")" else None

    def _case_end(self, token: Operator) -> None:
        if not self._frames or self._frames[-1].following != ("esac",):
            raise SourceError(f"{token.symbol} outside of case", token.line)
        self._frames[-1].pattern = ""

    def _parenthesis(self, token: Operator) -> None:
        words = self._command.words
        if self._command.redirections or self._closed:
            raise SourceError("a parenthesis after a command", token.line)
        if len(words) == 1 and (name := words[0].plain) is not None and "=" not in name:
            closing = self._words.next()
            if not isinstance(closing, Operator) or closing.symbol != ")":
                raise SourceError("a parenthesis after a word", token.line)
            self._command = Command()
            self._define(name)
        elif words:
            raise SourceError("a parenthesis after a word", token.line)
        elif self._text.startswith("(", self._words.position):
            inside = self._words.skip_arithmetic()
            self._command.words.append(Word((inside,), token.line))
            self._closed = True
            self._pending = ""
        else:
            self._open("(")

    def _define(self, name: str) -> None:
        if self._function_next:
            raise SourceError("a function without a body", self._words.line)
        self.functions.add(name)
        self._function_next = True
        self._pending = "a function's name"

    def _open(self, opener: str) -> None:
        function = self._function_next
        self._function_next = False
        self._pending = ""
        construct = "a function" if function else _CONSTRUCTS.get(opener, "a loop")
        self._frames.append(_Frame(_NEXT[opener], construct, function))
        self._closed = False

    def _continue(self, word: str, line: int) -> None:
        """Go on to the next part of the compound that is open, or out of it."""
        if not self._frames or word not in self._frames[-1].following:
            raise SourceError(f"{word!r} out of place", line)
        if self._pending:
            raise SourceError(f"{word!r} after {self._pending}", line)
        frame = self._frames[-1]
        if frame.empty and word != "esac":
            raise SourceError(f"nothing before {word!r}", line)
        if word in _NEXT:
            frame.following, frame.empty, self._closed = _NEXT[word], True, False
            return
        self._frames.pop()
        self._closed = True
        self._fill()

    def _first_word(self, word: Word) -> None:
        plain = word.plain
        if plain in _LATER:
            self._continue(str(plain), word.line)
        elif self._closed or plain in ("]]", "in", "coproc"):
            raise SourceError(f"{plain!r} out of place", word.line)
        elif plain in _OPENERS:
            self._compound(plain, word)
        elif plain in ("!", "time"):
            self._prefix(plain, word.line)
        elif self._pending == "time" and plain in _TIME_OPTIONS:
            return
        else:
            self._pending = ""
            self._simple(plain, word)

    def _prefix(self, plain: str, line: int) -> None:
        if self._pending in ("|", "|&", "a function's name"):
            raise SourceError(f"{plain!r} after {self._pending}", line)
        self._conditional = self._conditional or f"{plain!r}"
        self._pending = plain

    def _simple(self, plain: str | None, word: Word) -> None:
        if plain == "function":
            self._function(word)
        elif plain == "[[":
            self._command.words.append(self._words.condition(word.line))
            self._closed = True
        else:
            self._command.words.append(word)

    def _fill(self) -> None:
        if self._frames:
            self._frames[-1].empty = False

    def _compound(self, plain: str, word: Word) -> None:
        self._open(plain)
        if plain == "case":
            self._case_head(word)
        elif plain in ("for", "select"):
            self._loop_head(word)

    def _loop_head(self, word: Word) -> None:
        variable = self._words.next()
        if isinstance(variable, Operator) and variable.symbol == "(":
            inside = self._words.skip_arithmetic()
            self._command.words.append(Word((inside,), word.line))
            self._loop_list(word, ("do", ";"))
        elif isinstance(variable, Word) and variable.plain:
            self._command.names += ((variable.plain, variable.line), ("REPLY", variable.line))
            self._command.words.append(Word((), word.line))
            self._loop_list(word, ("do", ";", "in"))
        else:
            raise SourceError("a loop without a variable", word.line)

    def _loop_list(self, word: Word, allowed: tuple[str, ...]) -> None:
        """Read the head of a `for` up to its `do`, which nothing but its list may precede."""
        token = self._words.next()
        while True:
            spelled = _spelled(token)
            if spelled not in (*allowed, "\n"):
                raise SourceError("a loop that is not taken apart", word.line)
            if spelled == "do":
                break
            if spelled == "in":
                self._loop_values(word)
            newline = spelled == "\n"
            allowed = tuple(text for text in allowed if text != ";") if newline else ("do",)
            token = self._words.next()
        self._end_command()
        self._continue("do", word.line)

    def _loop_values(self, word: Word) -> None:
        while isinstance(token := self._words.next(), Word):
            self._command.words.append(token)
        if not isinstance(token, Operator) or token.symbol not in (";", "\n"):
            raise SourceError("a loop that is not taken apart", word.line)

    def _case_head(self, word: Word) -> None:
        subject = self._words.next()
        token = self._words.next()
        while isinstance(token, Operator) and token.symbol == "\n":
            token = self._words.next()
        if not isinstance(subject, Word) or not isinstance(token, Word) or token.plain != "in":
            raise SourceError("case without in", word.line)
        self._ready.append(Command([Word((), word.line), subject], construct="a conditional"))
        self._frames[-1].pattern = ""

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
            raise SourceError("a function without a body", self._words.line)
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
    if arguments and arguments[0].plain in _DECLARING and not command.redirections:
        arguments = []
    targets = [r.target for r in command.redirections if r.target is not None]
    for word in (*arguments, *targets):
        if word.has_array:
            raise SourceError("an array as an argument", word.line)


def _spelled(token: Token | None) -> str | None:
    if isinstance(token, Word):
        return token.plain
    return token.symbol if isinstance(token, Operator) else None


def names_set_in(text: str) -> list[str]:
    """Return the variables that a text seems to set, whoever reads it."""
    if _SETTING.search(text):
        return _NAME.findall(text)
    return _ASSIGNED.findall(text)


def _names_assigned_in(body: str) -> list[str]:
    """Return the variables that expanding a here-document may set."""
    if "$((" in body or "$[" in body:
        return sorted(set(re.findall(r"[A-Za-z_]\w*", body)))
    return sorted(set(re.findall(r"\$\{(\w+):?=", body)))
