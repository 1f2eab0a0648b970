"""The grammar of formulas. What is typed becomes a tree, and nothing but this tree is ever evaluated.

    expr   = term (("+" | "-") term)*
    term   = factor (("*" | "/") factor)*
    factor = number | ref | func "(" expr ("," expr)* ")" | "(" expr ")" | "-" factor
    ref    = key [ "{" dimension "=" member ("," dimension "=" member)* "}" ]
             [ "@" ("start" | "prev" | "last_year" | "trailing(" days ")") ]
    func   = min | max | abs | coalesce0

A key is that of a number (won_amount). A member is a word, or anything in double quotes; it is the one that filters take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

LONGEST, MOST_NODES, DEEPEST = 1000, 100, 20
FUNCTIONS = {"min": (1, 10), "max": (1, 10), "abs": (1, 1), "coalesce0": (1, 1)}  # name -> fewest and most arguments
MOMENTS = ("start", "prev", "last_year")
MOST_DAYS = 3660
TOKENS = re.compile(
    r'\s*(?:(?P<number>\d{1,15}(?:\.\d{1,9})?)|(?P<name>[^\W\d][\w.]*)|(?P<text>"[^"]*")|(?P<mark>[-+*/(){}@,=]))'
)


class FormulaError(ValueError):
    """What cannot be read or does not fit, with the place in the text where it shows (from 0)."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


@dataclass(frozen=True)
class Node:
    """A part of a formula; `at` is where it stands in the text."""

    at: int

    @property
    def below(self) -> tuple[Node, ...]:
        return ()


@dataclass(frozen=True)
class Number(Node):
    value: float


@dataclass(frozen=True)
class Ref(Node):
    """Another number: cut to members of dimensions, and as it is at another time."""

    key: str
    filters: tuple[tuple[str, str], ...] = ()
    moment: str = ""
    days: int = 0

    @property
    def same(self) -> tuple:
        """Equal for two that stand for the same."""
        return self.key, self.filters, self.moment, self.days

    def __str__(self) -> str:
        cut = ", ".join(f'{name}="{member}"' for name, member in self.filters)
        when = f"trailing({self.days})" if self.moment == "trailing" else self.moment
        return self.key + (f"{{{cut}}}" if cut else "") + (f"@{when}" if when else "")


@dataclass(frozen=True)
class Minus(Node):
    of: Node

    @property
    def below(self) -> tuple[Node, ...]:
        return (self.of,)


@dataclass(frozen=True)
class Binary(Node):
    sign: str
    left: Node
    right: Node

    @property
    def below(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Call(Node):
    name: str
    arguments: tuple[Node, ...]

    @property
    def below(self) -> tuple[Node, ...]:
        return self.arguments


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for one in node.below:
        yield from walk(one)


def refs_of(node: Node) -> list[Ref]:
    """The numbers that a formula names, each once."""
    found = {one.same: one for one in reversed([one for one in walk(node) if isinstance(one, Ref)])}
    return list(reversed(found.values()))


def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError."""
    if len(text) > LONGEST:
        raise FormulaError(_("A formula has %(n)s characters at most.") % {"n": LONGEST}, LONGEST)
    return _Parser(text).whole()


class _Parser:
    """Reads from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self.tokens = list(self._split(text))
        self.place = self.nodes = self.depth = 0

    @staticmethod
    def _split(text: str) -> Iterator[tuple[str, str, int]]:
        at = 0
        while text[at:].strip():
            found = TOKENS.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise FormulaError(_("“%(text)s” is not understood here.") % {"text": text[at]}, at)
            kind = str(found.lastgroup)
            yield kind, found.group(kind), found.start(kind)
            at = found.end()
        yield "end", "", len(text)

    # --- tokens ----------------------------------------------------------------------------------------------------

    @property
    def next(self) -> tuple[str, str, int]:
        return self.tokens[self.place]

    def take(self) -> tuple[str, str, int]:
        token = self.next
        self.place += token[0] != "end"
        return token

    def takes(self, *marks: str) -> bool:
        """Takes the next token if it is one of these marks."""
        kind, text, _at = self.next
        if kind == "mark" and text in marks:
            self.place += 1
            return True
        return False

    def must(self, mark: str) -> None:
        if not self.takes(mark):
            raise self.wrong(_("“%(mark)s” is missing here.") % {"mark": mark})

    def wrong(self, message: str = "") -> FormulaError:
        kind, text, at = self.next
        if kind == "end":
            return FormulaError(message or _("The formula ends too early."), at)
        return FormulaError(message or _("“%(text)s” is not understood here.") % {"text": text}, at)

    # --- rules -----------------------------------------------------------------------------------------------------

    def whole(self) -> Node:
        node = self.expr()
        if self.next[0] != "end":
            raise self.wrong()
        return node

    def made(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise FormulaError(_("A formula has %(n)s parts at most.") % {"n": MOST_NODES}, node.at)
        return node

    def expr(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(_("There are too many brackets inside each other."))
        node = self.term()
        while (sign := self.next)[1] in ("+", "-") and self.takes("+", "-"):
            node = self.made(Binary(sign[2], sign[1], node, self.term()))
        self.depth -= 1
        return node

    def term(self) -> Node:
        node = self.factor()
        while (sign := self.next)[1] in ("*", "/") and self.takes("*", "/"):
            node = self.made(Binary(sign[2], sign[1], node, self.factor()))
        return node

    def factor(self) -> Node:
        minus = []
        while self.next[1] == "-" and self.takes("-"):
            minus.append(self.tokens[self.place - 1][2])
        node = self.value()
        for at in reversed(minus):
            node = self.made(Minus(at, node))
        return node

    def value(self) -> Node:
        kind, text, at = self.next
        if self.takes("("):
            node = self.expr()
            self.must(")")
            return node
        if kind == "number":
            self.take()
            return self.made(Number(at, float(text)))
        if kind == "name":
            self.take()
            return self.made(self.call(text, at) if self.takes("(") else self.ref(text, at))
        raise self.wrong()

    def call(self, name: str, at: int) -> Node:
        if name not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise FormulaError(_("There is no function “%(name)s”. Known: %(known)s.") % {"name": name, "known": known}, at)
        arguments = [self.expr()]
        while self.takes(","):
            arguments.append(self.expr())
        self.must(")")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise FormulaError(_("“%(name)s” takes %(n)s values at most.") % {"name": name, "n": most}, at)
        return Call(at, name, tuple(arguments))

    def ref(self, key: str, at: int) -> Node:
        filters: dict[str, str] = {}
        if self.takes("{"):
            while True:
                name = self.word("name")
                self.must("=")
                filters[name] = self.word("name", "text", "number")
                if not self.takes(","):
                    break
            self.must("}")
        moment, days = self.moment() if self.takes("@") else ("", 0)
        return Ref(at, key, tuple(sorted(filters.items())), moment, days)

    def word(self, *kinds: str) -> str:
        kind, text, _at = self.next
        if kind not in kinds:
            raise self.wrong()
        self.take()
        return text.strip('"')

    def moment(self) -> tuple[str, int]:
        at = self.next[2]
        name = self.word("name")
        if name in MOMENTS:
            return name, 0
        if name != "trailing":
            known = ", ".join((*MOMENTS, "trailing(90)"))
            raise FormulaError(_("There is no “@%(name)s”. Known: %(known)s.") % {"name": name, "known": known}, at)
        self.must("(")
        days: Any = self.word("number")
        self.must(")")
        if "." in days or not 1 <= int(days) <= MOST_DAYS:
            raise FormulaError(_("A whole number of days from 1 to %(n)s.") % {"n": MOST_DAYS}, at)
        return name, int(days)
