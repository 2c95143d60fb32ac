"""Finds where a shell group ends without looking at what is in it."""

from __future__ import annotations

import re

_STOPS = {
    ")": re.compile(r"[\\'\"`$()#<\n]"),
    "}": re.compile(r"[\\'\"`$}]"),
    "]": re.compile(r"[\\'\"`$\[\]]"),
    '"': re.compile(r"[\\\"`$]"),
}
_QUOTED_BRACE_STOPS = re.compile(r"[\\\"`$}]")
_BACKQUOTE_STOPS = re.compile(r"[\\`]")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|([\w.-]+))")
_OPENERS = {"(": ")", "{": "}", "[": "]"}


class SourceError(Exception):
    """The source is not what a shell would accept, or more than we take apart.

    Attributes:
        line: Where, counted from 1; 0 when the caller knows better.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def after_backquote(text: str, at: int) -> int:
    """Return the index after the backquote that closes the one before `at`."""
    while found := _BACKQUOTE_STOPS.search(text, at):
        if found.group() == "`":
            return found.end()
        at = found.end() + 1
    raise SourceError("a backquote that is never closed")


def after_group(text: str, at: int, closer: str, *, in_quotes: bool = False) -> int:
    """Return the index after the closer that ends the group whose inside begins at `at`.

    Quotes, backslashes, nested groups, comments and here-documents inside are passed over.

    Args:
        closer: `)`, `}`, `]` or a double quote.
        in_quotes: The group stands inside double quotes.

    Raises:
        SourceError: it never ends.
    """
    return _Skipper(text, at, closer, in_quotes=in_quotes).run()


def after_heredoc(text: str, at: int, delimiter: str, *, tabs: bool, quoted: bool) -> int:
    """Return the index after a here-document whose body begins at `at`.

    Args:
        tabs: Leading tabs are not part of a line (`<<-`).
        quoted: The delimiter was quoted, so that a backslash does not join lines.
    """
    joined: list[str] = []
    length = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        current = text[at:end]
        at = min(end + 1, len(text))
        if tabs:
            current = current.lstrip("\t")
        continues = not quoted and (len(current) - len(current.rstrip("\\"))) % 2 == 1
        joined.append(current[:-1] if continues else current)
        length += len(joined[-1])
        if continues:
            continue
        if length == len(delimiter) and "".join(joined) == delimiter:
            break
        joined, length = [], 0
    return at


class _Skipper:
    """A stack of open groups; every character is passed once."""

    def __init__(self, text: str, at: int, closer: str, *, in_quotes: bool) -> None:
        self._text = text
        self._at = at
        self._open = [closer]
        self._quoted = [in_quotes]
        self._heredocs: list[tuple[str, bool, bool]] = []

    def run(self) -> int:
        while self._open:
            top = self._open[-1]
            stops = _STOPS[top]
            if top == "}" and self._quoted[-1]:
                stops = _QUOTED_BRACE_STOPS
            found = stops.search(self._text, self._at)
            if not found:
                raise SourceError(f"a group that is never closed by {top}")
            self._at = found.end()
            self._step(found.group(), top)
        return self._at

    def _step(self, mark: str, top: str) -> None:
        if mark == top:
            self._open.pop()
            self._quoted.pop()
        elif mark == "\\":
            self._at += 1
        elif mark == "'":
            self._single()
        elif mark == '"':
            self._push('"', quoted=True)
        elif mark == "`":
            self._at = after_backquote(self._text, self._at)
        elif mark == "$":
            self._dollar(top)
        elif mark in _OPENERS:
            self._push(_OPENERS[mark], quoted=False)
        else:
            self._in_commands(mark)

    def _push(self, closer: str, *, quoted: bool) -> None:
        self._open.append(closer)
        self._quoted.append(quoted)

    def _single(self) -> None:
        end = self._text.find("'", self._at)
        if end < 0:
            raise SourceError("a single quote that is never closed")
        self._at = end + 1

    def _dollar(self, top: str) -> None:
        self._refuse_continuation()
        following = self._text[self._at : self._at + 1]
        if following in ("(", "{"):
            self._at += 1
            quoted = following == "{" and (top == '"' or (top == "}" and self._quoted[-1]))
            self._push(_OPENERS[following], quoted=quoted)

    def _in_commands(self, mark: str) -> None:
        """Pass a comment, a here-document's head, or a newline that begins its body."""
        if mark == "#":
            before = self._text[self._at - 2 : self._at - 1]
            if before in " \t\n;(|&":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
        elif mark == "<":
            self._heredoc_head()
        elif self._heredocs:
            self._skip_bodies()

    def _heredoc_head(self) -> None:
        self._refuse_continuation()
        start = self._at - 1
        if self._text.startswith("<<<", start):
            self._at = start + 3
        elif self._text.startswith("<<", start):
            found = _HEREDOC.match(self._text, start)
            if not found:
                raise SourceError("a here-document whose end is not a plain word")
            bare = found.group(4)
            delimiter = found.group(2) or found.group(3) or bare
            self._heredocs.append((delimiter, bool(found.group(1)), bare is None))
            self._at = found.end()

    def _refuse_continuation(self) -> None:
        """Refuse a mark that may be one with what the next line begins with."""
        if self._text.startswith("\\\n", self._at):
            raise SourceError("an operator that is spread over lines")

    def _skip_bodies(self) -> None:
        for delimiter, tabs, quoted in self._heredocs:
            self._at = after_heredoc(self._text, self._at, delimiter, tabs=tabs, quoted=quoted)
        self._heredocs.clear()
