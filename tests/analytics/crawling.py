"""What a reader of the numbers' pages sees in their HTML: numbers, and where a click on each of them leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs

VOID = {"input", "img", "br", "hr", "meta", "link"}


@dataclass
class Node:
    """An element, enough of it to find numbers in."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    @property
    def css(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def words(self) -> str:
        """Its text as it is seen, without what only screen readers get."""
        found = (one if isinstance(one, str) else "" if "visually-hidden" in one.css else one.words for one in self.children)
        return re.sub(r"\s+", " ", "".join(found)).strip()

    def all(self, tag: str = "", css: str = "") -> Iterator[Node]:
        for one in self.children:
            if isinstance(one, Node):
                if tag in ("", one.tag) and (not css or css in one.css):
                    yield one
                yield from one.all(tag, css)

    def first(self, tag: str = "", css: str = "") -> Node | None:
        return next(self.all(tag, css), None)

    def within(self, *names: str) -> bool:
        """Whether it stands in an element of one of these tags or classes."""
        above = self.parent
        while above is not None:
            if above.tag in names or above.css & set(names):
                return True
            above = above.parent
        return False


class Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self.place = Node("")
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Node(tag, {name: value or "" for name, value in attrs}, self.place)
        self.place.children.append(found)
        if tag not in VOID:
            self.place = found

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.place.children.append(Node(tag, {name: value or "" for name, value in attrs}, self.place))

    def handle_endtag(self, tag: str) -> None:
        above: Node | None = self.place
        while above is not None and above.tag != tag:
            above = above.parent
        if above is not None and above.parent is not None:
            self.place = above.parent

    def handle_data(self, data: str) -> None:
        self.place.children.append(data)


RECORDS = re.compile(r"([\d,]+) records?(?:, (.+) in all)?$")


def figures(words: str) -> str:
    """As it is written, with plain spaces."""
    return re.sub(r"\s", " ", words)


@dataclass(frozen=True)
class Shown:
    """A number as it is written in full, and the address that a click on it opens."""

    words: str
    href: str

    @property
    def address(self) -> str:
        return self.href.partition("#")[0]

    @property
    def key(self) -> str:
        return self.href.split("/")[2]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.address.partition("?")[2]).items()}

    def asked(self, name: str) -> str:
        return self.query.get(name, "")


@dataclass
class Opened:
    """A page of numbers: those on it that lead somewhere, a number's own value, and the count and total of the records listed there."""

    numbers: list[Shown]
    value: str = ""
    records: tuple[str, str] = ("", "")


def read(html: str, address: str) -> Opened:
    """The page at this address."""
    main = Tree(html).root.first("main")
    assert main is not None
    found = Opened(list(dict.fromkeys(_numbers(main, address.partition("?")[0]))))
    if headline := main.first(css="headline-value"):
        found.value = figures(headline.attributes.get("title") or headline.words)
    listed = main.first(css="list")
    if listed and (count := listed.first("span", "count")) and (told := RECORDS.match(figures(count.words))):
        found.records = (told[1], told[2] or "")
    return found


def _numbers(main: Node, path: str) -> Iterator[Shown]:
    """Cards, lines of the index, and every link in a table, a list of facts or beside a chart that leads to a number. What is hidden
    ("—") is no number."""
    for card in main.all("article", "kpi"):
        link, value = card.first("a", "kpi-link"), card.first(css="kpi-value")
        assert link and value, card.words
        yield Shown(figures(value.attributes.get("title") or value.words), link.attributes["href"])
    for row in main.all("tr"):
        link, value = row.first("a", "row-link"), row.first("span")
        if link and value and row.within("numbers-table"):
            yield Shown(figures(value.attributes["title"] if value.words != "—" else "—"), link.attributes["href"])
    for link in main.all("a"):
        href = link.attributes["href"]
        leads = href.startswith(("?", "/numbers/")) or not href
        if leads and "row-link" not in link.css and link.words != "—" and not link.within("pager"):
            if link.within("td", "dd", "board-now"):
                yield Shown(figures(link.words), path + href if href.startswith("?") else href)
