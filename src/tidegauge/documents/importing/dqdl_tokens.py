"""The tokens of a DQDL text, rule by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidegauge.errors import DocumentError

_TOKEN = re.compile(
    r'(?P<space>\s+|#[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])'
    r"|(?P<sign>>=|<=|!=|[><=\[\](),])|(?P<word>[A-Za-z_]\w*)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a sign or a text in quotes, and its line."""

    kind: str
    text: str
    line: int


def statements(text: str, where: str) -> list[list[Token]]:
    """The tokens of each rule of the list that follows `Rules =`; analyzers check nothing.

    Raises:
        DocumentError: it is no DQDL, with the line.
    """
    return _split(_tokens(text, where), where)


def _tokens(text: str, where: str) -> list[Token]:
    found: list[Token] = []
    place = 0
    while place < len(text):
        line = text.count("\n", 0, place) + 1
        match = _TOKEN.match(text, place)
        if match is None:
            raise DocumentError(f"{where}: line {line}: no DQDL begins with {text[place]!r}")
        place = match.end()
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match[0], line))
    return found


def _split(tokens: list[Token], where: str) -> list[list[Token]]:
    words = [token.text for token in tokens]
    if words[:3] != ["Rules", "=", "["]:
        began = " ".join(words[:3]) or "nothing"
        raise DocumentError(f"{where}: expected it to begin with 'Rules = [', found {began!r}")
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[3:]:
        if token.text == "]" and depth == 0:
            return [statement for statement in found if statement]
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    raise DocumentError(f"{where}: the list of rules has no end: expected ']'")
