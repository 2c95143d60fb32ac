"""Shell source taken apart into words and operators, as data; nothing is ever run.

The forms that project files use are taken apart exactly. What depends on running something
(command substitution, arithmetic, arrays, ...) becomes a `Dynamic` part, so that whoever
evaluates the word sees that its value cannot be known.

Reading is linear in the text, and nothing recurses deeper than `MAX_NESTING`.

Source: the Bash Reference Manual, sections 3.1.2 (quoting), 3.2 (commands), 3.5.3 (parameter
expansion) and 3.6.6 (here documents); record contract, section 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.project.skipping import SourceError, after_backquote, after_group, after_heredoc

MAX_NESTING = 24
"""`${A:-${B:-...}}` deeper than this is not looked into."""

_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")
_COMMENT = re.compile(r"[^\n]*")
_PLAIN = re.compile(r"(?:[^\s|&;()<>\"'`$\\]|[^\S \t\n]|\\\n)+")
_PLAIN_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_PLAIN_IN_BRACES = re.compile(r"[^\"'`$\\}]+")
_PLAIN_IN_QUOTED_BRACES = re.compile(r"[^\"'`$\\}]+")
_SIMPLE_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_ENTANGLED = re.compile(r"[\"`\\}]|\$[({\[]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:?[-=+?])?")
_LENGTH = re.compile(r"\{#([A-Za-z_][A-Za-z0-9_]*)\}")
_SPECIAL = re.compile(r"[0-9@*#?$!\-]")
_OPERATOR = re.compile(r";;&|;;|;&|;|&&|\|\||\|&|\||&(?!>)|\(|\)|\n")
_REDIRECTION = re.compile(
    r"(?:[0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<>|<&|>>|>&|>\||<(?!\()|>(?!\())"
    r"|&>>|&>"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\]?)?(\+)?=")
_ARRAY = "an array"
COMMAND = "command substitution"
"""The reason of a `Dynamic` that runs in a shell of its own, and so changes no variable here."""

_ARRAY_HEAD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=\Z")
_SUBSCRIPT_HEAD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=\[)")
_BRACKET = re.compile(r"[\[\]]")
_DESCRIPTOR = re.compile(r"[0-9]+|\{[A-Za-z_]\w*\}")
_CONDITION_OPERATOR = re.compile(r"&&|\|\||[<>](?!\()|\n")
_TERM = r" *(?:! *)*(?:w|uw|uu|u|w[b<>] *[wu]|u[b<>] *[wu]) *"
_CONDITION = re.compile(rf"{_TERM}(?:(?:&&|\|\|){_TERM})*")
_BINARY = frozenset(
    ["=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
)
_ANSI = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)
_ANSI_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ANSI_LETTERS = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves; `quoted` when a quote or backslash protected them."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A reference to a variable.

    Attributes:
        operator: "" for the plain reference, "#" for its length, else `-`, `=`, `+` or `?`,
            with a leading `:` when an empty value counts as unset.
        word: The operator's word.
    """

    name: str
    operator: str
    word: tuple[Part, ...]
    quoted: bool


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Something whose value only running it would tell; `source` is its text."""

    reason: str
    source: str


Part = Text | Parameter | Dynamic


@dataclass(frozen=True, slots=True)
class Word:
    """One shell word and the line that it begins on, counted from 1."""

    parts: tuple[Part, ...]
    line: int

    @property
    def plain(self) -> str | None:
        """The word's text when nothing in it is quoted or expanded, else None."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Text) and not self.parts[0].quoted:
            return self.parts[0].text
        return None

    @property
    def assignment(self) -> re.Match[str] | None:
        """The match of `NAME=`, `NAME+=` or `NAME[...]=` that begins the word, unquoted."""
        head = self.parts[0] if self.parts else None
        if not isinstance(head, Text) or head.quoted:
            return None
        return _ASSIGNMENT.match(head.text)

    @property
    def has_array(self) -> bool:
        """Whether an array in parentheses is in the word."""
        return any(isinstance(part, Dynamic) and part.reason == _ARRAY for part in self.parts)

    @property
    def literal(self) -> str:
        """All text in the word, quoted or not, expansions' own source included."""
        return "".join(map(_literal, self.parts))


@dataclass(frozen=True, slots=True)
class Operator:
    """A control operator, or a newline."""

    symbol: str
    line: int


@dataclass(frozen=True, slots=True)
class Redirection:
    """A redirection of a command; `target` is None for a here-document."""

    symbol: str
    line: int
    target: Word | None
    variable: str = ""


Token = Word | Operator | Redirection


def _literal(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Dynamic):
        return part.source
    return f"${{{part.name}{part.operator}{''.join(map(_literal, part.word))}}}"


class Words:
    """Takes shell source apart, one token at a time.

    Attributes:
        heredoc_bodies: Text of the here-documents that expand, for those who look for
            assignments in them.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._heredocs: list[tuple[str, bool, bool]] = []
        self.heredoc_bodies: list[tuple[str, int]] = []

    @property
    def position(self) -> int:
        """Where the next token is looked for, as an index into the text."""
        return self._at

    @property
    def line(self) -> int:
        """The line of that position, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def next(self) -> Token | None:
        """Return the next word, operator or redirection; None at the end.

        Raises:
            SourceError: a quote, brace or parenthesis is never closed.
        """
        self._skip_blanks()
        if self._at >= len(self._text):
            return None
        line = self.line
        if found := _REDIRECTION.match(self._text, self._at):
            return self._redirection(found, line)
        if found := _OPERATOR.match(self._text, self._at):
            self._at = found.end()
            if found.group() == "\n":
                self._skip_heredocs()
            return Operator(found.group(), line)
        return self._word(line)

    def condition(self, line: int) -> Word:
        """Pass the inside of `[[ ... ]]`, and return it as one word that is not evaluated.

        Raises:
            SourceError: it never ends, or is not a condition of one of the plain forms.
        """
        begin = self._at
        shape: list[str] = []
        while True:
            self._skip_blanks()
            if self._at >= len(self._text):
                raise SourceError("[[ that is never closed", line)
            if found := _CONDITION_OPERATOR.match(self._text, self._at):
                self._at = found.end()
                shape.append(" " if found.group() == "\n" else found.group())
                continue
            word = self._word(line)
            if not word.parts:
                raise SourceError("a condition that is not taken apart", line)
            if word.plain == "]]":
                break
            shape.append("!" if word.plain == "!" else _operand(word))
        if not _CONDITION.fullmatch("".join(shape).strip()):
            raise SourceError("a condition that is not taken apart", line)
        return Word((Dynamic("a condition", self._text[begin : self._at]),), line)

    def skip_arithmetic(self) -> Dynamic:
        """Skip the rest of `(( ... ))` after its first parenthesis."""
        start = self._at
        self._at = after_group(self._text, self._at, ")")
        return Dynamic("an arithmetic command", self._text[start : self._at])

    def _skip_blanks(self) -> None:
        if found := _BLANKS.match(self._text, self._at):
            self._at = found.end()
        if self._text.startswith("#", self._at):
            found = _COMMENT.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _redirection(self, found: re.Match[str], line: int) -> Redirection:
        self._at = found.end()
        symbol = found.group(1) or found.group()
        prefix = found.group()
        variable = prefix[1 : prefix.index("}")] if prefix.startswith("{") else ""
        self._skip_blanks()
        if self._at >= len(self._text) or self._text[self._at] in "\n|&;()":
            raise SourceError("a redirection without a target", line)
        target = self._word(line)
        if not target.parts:
            raise SourceError("a redirection without a target", line)
        if symbol not in ("<<", "<<-"):
            return Redirection(symbol, line, target, variable)
        if not all(isinstance(part, Text) for part in target.parts):
            raise SourceError("a here-document whose end is computed", line)
        quoted = any(isinstance(part, Text) and part.quoted for part in target.parts)
        self._heredocs.append((target.literal, symbol == "<<-", quoted))
        return Redirection(symbol, line, None, variable)

    def _skip_heredocs(self) -> None:
        for delimiter, tabs, quoted in self._heredocs:
            start, line = self._at, self.line
            self._at = after_heredoc(self._text, start, delimiter, tabs=tabs, quoted=quoted)
            if not quoted:
                self.heredoc_bodies.append((self._text[start : self._at], line))
        self._heredocs.clear()

    def _word(self, line: int) -> Word:
        parts: list[Part] = []
        while self._at < len(self._text):
            if found := _PLAIN.match(self._text, self._at):
                self._at = found.end()
                self._plain(found.group().replace("\\\n", ""), parts, line)
                continue
            mark = self._text[self._at]
            if mark == "(" and _is_array_head(parts):
                parts.append(self._group(_ARRAY))
                continue
            if mark in "<>" and self._text.startswith("(", self._at + 1):
                self._at += 1
                parts.append(self._group("process substitution"))
                continue
            if mark in " \t\n|&;()<>":
                break
            self._quoted_or_expansion(mark, parts, line)
        word = Word(_merged(parts), line)
        if self._text.startswith(("<", ">"), self._at) and _DESCRIPTOR.fullmatch(word.plain or ""):
            raise SourceError("a redirection that is spread over lines", line)
        return word

    def _plain(self, text: str, parts: list[Part], line: int) -> None:
        """Add unquoted text; a bracket after a name opens a subscript, which may span lines."""
        if not parts and _opens_subscript(text):
            raise SourceError("an array subscript", line)
        if text:
            parts.append(Text(text, quoted=False))

    def _quoted_or_expansion(self, mark: str, parts: list[Part], line: int) -> None:
        if mark == "\\":
            self._backslash(parts)
        elif mark == "'":
            parts.append(Text(self._single(line), quoted=True))
        elif mark == '"':
            self._at += 1
            parts.append(Text("", quoted=True))
            self._double(parts, line)
        else:
            parts.append(self._expansion(quoted=False, depth=0))

    def _backslash(self, parts: list[Part]) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following == "":
            parts.append(Dynamic("a backslash at the end of the file", "\\"))
        elif following != "\n":
            parts.append(Text(following, quoted=True))

    def _single(self, line: int) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise SourceError("a single quote that is never closed", line)
        inner = self._text[self._at + 1 : end]
        self._at = end + 1
        return inner

    def _double(self, parts: list[Part], line: int, depth: int = 0) -> None:
        while self._at < len(self._text):
            if found := _PLAIN_IN_QUOTES.match(self._text, self._at):
                self._at = found.end()
                parts.append(Text(found.group(), quoted=True))
                continue
            mark = self._text[self._at]
            if mark == '"':
                self._at += 1
                return
            if mark == "\\":
                self._escape_in_quotes(parts, '$`"\\')
            else:
                parts.append(self._expansion(quoted=True, depth=depth))
        raise SourceError("a double quote that is never closed", line)

    def _escape_in_quotes(self, parts: list[Part], special: str) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following == "\n":
            return
        parts.append(Text(following if following in special else "\\" + following, quoted=True))

    def _kept_quotes(self, parts: list[Part], line: int, depth: int) -> None:
        """Read `'...'` in braces within double quotes: bash pairs them, and keeps them."""
        end = self._text.find("'", self._at + 1)
        inner = self._text[self._at + 1 : end] if end >= 0 else '"'
        if _ENTANGLED.search(_SIMPLE_REFERENCE.sub("", inner)):
            raise SourceError("quotes that are entangled with braces", line)
        parts.append(Text("'", quoted=True))
        self._at += 1
        while self._at < end:
            self._in_braces(parts, line, quoted=True, depth=depth)
        parts.append(Text("'", quoted=True))
        self._at = end + 1

    def _expansion(self, *, quoted: bool, depth: int) -> Part:
        """Read what begins at a dollar or a backquote."""
        start = self._at
        if self._text[start] == "`":
            self._at = after_backquote(self._text, start + 1)
            return Dynamic(COMMAND, self._text[start : self._at])
        following = self._text[start + 1 : start + 2]
        if following == "(":
            self._at = start + 1
            return self._group("arithmetic" if self._text.startswith("((", self._at) else COMMAND)
        if following == "{":
            return self._braces(quoted=quoted, depth=depth)
        if found := _NAME.match(self._text, start + 1):
            self._at = found.end()
            if not self._text.startswith("\\\n", self._at):
                return Parameter(found.group(), "", (), quoted)
            return Dynamic("an expansion across lines", self._text[start : self._at])
        return self._dollar(following, quoted=quoted)

    def _dollar(self, following: str, *, quoted: bool) -> Part:
        """Read a dollar that neither names a variable nor opens a group."""
        start = self._at
        if self._text.startswith("\\\n", start + 1):
            raise SourceError("an expansion that is spread over lines", self.line)
        if following == "[":
            self._at = after_group(self._text, start + 2, "]")
            return Dynamic("arithmetic", self._text[start : self._at])
        if following == "'" and not quoted:
            return self._ansi()
        if following == '"' and not quoted:
            self._at += 2
            self._double([], self.line)
            return Dynamic("a translated string", self._text[start : self._at])
        if following and _SPECIAL.match(following):
            self._at += 2
            return Dynamic("a positional or special parameter", self._text[start : self._at])
        self._at += 1
        return Text("$", quoted=quoted)

    def _group(self, reason: str) -> Dynamic:
        start = self._at
        self._at = after_group(self._text, start + 1, ")")
        return Dynamic(reason, self._text[start : self._at])

    def _ansi(self) -> Part:
        start = self._at
        found = _ANSI.match(self._text, start + 2)
        if not found:
            raise SourceError("a quote that is never closed", self.line)
        self._at = found.end()
        escapes = [escape.group(1) for escape in _ANSI_ESCAPE.finditer(found.group())]
        if any(_ansi_value(code) is None for code in escapes):
            return Dynamic("an escape that depends on the locale", self._text[start : self._at])
        text = _ANSI_ESCAPE.sub(lambda e: _ansi_value(e.group(1)) or "", found.group()[:-1])
        return Text(text, quoted=True)

    def _braces(self, *, quoted: bool, depth: int) -> Part:
        """Read `${...}`; what is not a plain reference or a default form is dynamic."""
        start = self._at
        if found := _LENGTH.match(self._text, start + 1):
            self._at = found.end()
            return Parameter(found.group(1), "#", (), quoted)
        found = _PARAMETER.match(self._text, start + 1)
        if found and found.group(2) is None and self._text.startswith("}", found.end()):
            self._at = found.end() + 1
            return Parameter(found.group(1), "", (), quoted)
        if not found or found.group(2) is None or depth >= MAX_NESTING:
            self._at = after_group(self._text, start + 2, "}", in_quotes=quoted)
            reason = "nested too deeply" if depth >= MAX_NESTING else "a form not evaluated"
            return Dynamic(f"an expansion {reason}", self._text[start : self._at])
        line = self.line
        self._at = found.end()
        parts: list[Part] = []
        while self._at < len(self._text):
            if self._text[self._at] == "}":
                self._at += 1
                if any(_is_substitution(part) for part in parts):
                    return Dynamic("process substitution", self._text[start : self._at])
                return Parameter(found.group(1), found.group(2), _merged(parts), quoted)
            self._in_braces(parts, line, quoted=quoted, depth=depth + 1)
        raise SourceError("a brace that is never closed", line)

    def _in_braces(self, parts: list[Part], line: int, *, quoted: bool, depth: int) -> None:
        plain = _PLAIN_IN_QUOTED_BRACES if quoted else _PLAIN_IN_BRACES
        if found := plain.match(self._text, self._at):
            self._at = found.end()
            parts.append(Text(found.group(), quoted))
            return
        mark = self._text[self._at]
        if mark == "\\" and quoted:
            self._escape_in_quotes(parts, '$`"\\}')
        elif mark == "\\":
            self._backslash(parts)
        elif mark == "'" and quoted:
            self._kept_quotes(parts, line, depth)
        elif mark == "'":
            parts.append(Text(self._single(line), quoted=True))
        elif mark == '"' and quoted:
            start = self._at
            self._at = after_group(self._text, start + 1, '"')
            parts.append(Dynamic("quotes within quotes", self._text[start : self._at]))
        elif mark == '"':
            self._at += 1
            parts.append(Text("", quoted=True))
            self._double(parts, line, depth)
        else:
            parts.append(self._expansion(quoted=quoted, depth=depth))


def _operand(word: Word) -> str:
    """Return what a word is in a condition: b, a binary operator; u, unary; w, a value."""
    plain = word.plain or ""
    if plain in _BINARY:
        return "b"
    return "u" if re.fullmatch(r"-[a-zA-Z]", plain) else "w"


def _opens_subscript(text: str) -> bool:
    """Whether a word that begins so is still within the brackets of `NAME[...]`."""
    head = _SUBSCRIPT_HEAD.match(text)
    depth = 0
    for bracket in _BRACKET.finditer(text, head.end()) if head else ():
        depth += 1 if bracket.group() == "[" else -1
        if not depth:
            return False
    return depth > 0


def _is_substitution(part: Part) -> bool:
    return isinstance(part, Text) and not part.quoted and ("<(" in part.text or ">(" in part.text)


def _is_array_head(parts: list[Part]) -> bool:
    texts = [part.text for part in parts if isinstance(part, Text) and not part.quoted]
    return len(texts) == len(parts) and bool(_ARRAY_HEAD.match("".join(texts)))


def _ansi_value(code: str) -> str | None:
    """Return what a backslash and these characters mean, None outside of ASCII.

    Source: the Bash Reference Manual, section 3.1.2.4 (ANSI-C quoting).
    """
    if code in _ANSI_LETTERS:
        return _ANSI_LETTERS[code]
    number = 0
    if code[0] == "x" and len(code) > 1:
        number = int(code[1:], 16)
    elif code[0] in "01234567":
        number = int(code, 8)
    elif code not in ("c", "u", "U"):
        return "\\" + code
    return chr(number) if 0 < number < 128 else None


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """Join neighbouring text of the same kind, so that a word has few parts."""
    merged: list[Part] = []
    run: list[str] = []
    quoted = False
    for part in parts:
        if isinstance(part, Text) and (not run or part.quoted == quoted):
            run.append(part.text)
            quoted = part.quoted
            continue
        if run:
            merged.append(Text("".join(run), quoted))
        run = []
        if isinstance(part, Text):
            run, quoted = [part.text], part.quoted
        else:
            merged.append(part)
    if run:
        merged.append(Text("".join(run), quoted))
    return tuple(merged)
