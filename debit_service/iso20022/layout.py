"""Elements that repeat: a bank writes its thousandth entry like its first, with other texts in it.

A layout is what such elements have in common, character for character: their tags and attributes, the blanks between them, and
where texts stand. It is learned from elements that the parser has read, and proved on the last of them. What has a known layout
is well-formed because the layout is, and its leaves are the texts at the places where the layout has its leaves. Whatever
differs in anything else has another layout, or goes to the parser. So a layout makes reading faster, and never different.

Texts with blanks at an end count as part of the layout, and an element with a `>` in a text has none. Of references only the five
that XML names are known here (`&amp;`).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr, unescape

from lxml import etree

from debit_service.iso20022.flat import Flat, flatten
from debit_service.iso20022.xml import parse_fragment

Texts = tuple[str, ...]
Match = Callable[[str, int], re.Match[str] | None]

_TEXT = re.compile(r">([^<>\s][^<>]*)(?<!\s)<")
# Any other reference than the five named ones is the parser's to say.
FOREIGN_REFERENCE = re.compile("&(?!(?:amp|lt|gt|quot|apos);)")
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_TEXT_PLACE = ">\x00<"
_CAPTURED_TEXT = r">([^<>\s][^<>]*)(?<!\s)<"
_IGNORED_TEXT = r">[^<>\s][^<>]*(?<!\s)<"
# Stands before the number of a text while its place is looked for; no bank uses it (it is for private use).
_MARK = "\ue000"
# Learning costs some tenths of a millisecond: that pays for what comes again.
_SEEN_BEFORE_LEARNING = 2
_LAYOUTS_MAX = 1024
_CHARACTERS_MAX = 4 * 1024 * 1024
ELEMENT_CHARACTERS_MAX = 64 * 1024
# A layout that comes so often in a row gets an expression of its own, which costs milliseconds.
_ROW_BEFORE_COMPILING = 8
_COMPILED_MAX = 8
# After so many elements without a known layout, and more of them than with one, looking for layouts is given up.
_MISSES_MAX = 4096


@dataclass(slots=True, eq=False)
class Layout:
    """What elements called `name` have in common. `paths[i]` is the path (see `flat`) of the i-th text of a row.

    `fixed` holds what is the same in all of them: currencies, and the paths of elements that hold others; the paths of the row
    stand in it, too, each at its place. `places` are the numbers of the row's texts among all texts of the element.
    """

    name: str
    skeleton: str
    paths: tuple[str, ...]
    fixed: Flat
    places: tuple[int, ...]
    match: Match | None = None

    def flat(self, texts: Texts) -> Flat:
        """The leaves of one row, as `flatten` gives them for the element."""
        return {**self.fixed, **dict(zip(self.paths, texts, strict=True))}

    def row(self, texts: list[str]) -> Texts:
        """The row of an element, from all its texts."""
        return tuple([texts[place] for place in self.places])

    def compile(self) -> None:
        """Make `match`: the row of an element of this layout in one step."""
        pieces = self.skeleton.split(_TEXT_PLACE)
        pattern = ["[ \t\n]*", re.escape(pieces[0])]
        for place, piece in enumerate(pieces[1:]):
            pattern.append(_CAPTURED_TEXT if place in self.places else _IGNORED_TEXT)
            pattern.append(re.escape(piece))
        self.match = re.compile("".join(pattern)).match


@dataclass(frozen=True, slots=True)
class Run:
    """Siblings that follow an element of the same name and share one layout; a row holds the texts of one of them."""

    layout: Layout
    rows: list[Texts]


@dataclass(slots=True)
class Layouts:
    """The layouts seen so far of elements with one name."""

    name: str
    known: dict[str, Layout] = field(default_factory=dict)
    hits: int = 0
    misses: int = 0
    _seen: Counter[int] = field(default_factory=Counter)
    _characters: int = 0
    _namespaces: Mapping[str | None, str] = field(default_factory=dict)
    _compiled: int = 0

    @property
    def given_up(self) -> bool:
        """Whether these elements differ so much that looking for layouts costs more than it gives."""
        return self.misses > _MISSES_MAX and self.misses > self.hits

    def stand_under(self, namespaces: Mapping[str | None, str]) -> None:
        """The namespaces in force, by prefix: under others, the same text is another element."""
        if namespaces != self._namespaces:
            self._namespaces = namespaces
            self.known.clear()
            self._seen.clear()

    def see(self, raw: str) -> None:
        """Learn from the text of an element that the parser has read, if its like has come before."""
        self.misses += 1
        if len(self._seen) >= _LAYOUTS_MAX or len(raw) > ELEMENT_CHARACTERS_MAX or self._characters > _CHARACTERS_MAX:
            return
        skeleton = _TEXT.sub(_TEXT_PLACE, raw)
        seen = hash(skeleton)
        self._seen[seen] += 1
        if self._seen[seen] == _SEEN_BEFORE_LEARNING:
            layout = learn(self.name, raw, self._namespaces)
            if layout is not None:
                self.known[skeleton] = layout
                self._characters += len(skeleton)

    def runs(self, text: str, at: int, stop: int, closing: str) -> Iterator[tuple[Run, int]]:
        """The runs that begin at `at` one after another and end by `stop`, each with where it ends.

        `closing` is the tag that ends an element.
        """
        layout, raw, end = self._next(text, at, stop, closing)
        while layout is not None:
            run = Run(layout, [])
            if layout.match is not None:
                at = _match_all(layout.match, run.rows, text, at, stop)
                layout, raw, end = self._next(text, at, stop, closing)
            while layout is run.layout:
                run.rows.append(_unescaped(layout.row(_TEXT.findall(raw)), raw))
                at = end
                layout, raw, end = self._next(text, at, stop, closing)
            self._count(run)
            yield run, at

    def _next(self, text: str, at: int, stop: int, closing: str) -> tuple[Layout | None, str, int]:
        """The layout of the next element, if it is known, its text and its end."""
        found = text.find(closing, at, stop)
        end = found + len(closing)
        if found < 0 or end - at > ELEMENT_CHARACTERS_MAX:
            return None, "", at
        raw = text[at:end].lstrip(" \t\n")
        return self.known.get(_TEXT.sub(_TEXT_PLACE, raw)), raw, end

    def _count(self, run: Run) -> None:
        self.hits += len(run.rows)
        if len(run.rows) >= _ROW_BEFORE_COMPILING and self._compiled < _COMPILED_MAX and run.layout.match is None:
            run.layout.compile()
            self._compiled += 1


def _match_all(match: Match, rows: list[Texts], text: str, at: int, stop: int) -> int:
    """Add the rows of all elements that begin at `at` one after another and match; where the last one ends."""
    found = match(text, at)
    while found is not None and found.end() <= stop:
        row = found.groups()
        rows.append(row if text.find("&", at, found.end()) < 0 else _unescaped(row, "&"))
        at = found.end()
        found = match(text, at)
    return at


def _unescaped(row: Texts, raw: str) -> Texts:
    """The row with what its references stand for."""
    return tuple([unescape(text, _QUOTES) for text in row]) if "&" in raw else row


def learn(name: str, raw: str, namespaces: Mapping[str | None, str]) -> Layout | None:
    """The layout of the element whose text is `raw`; None where it has none that can be proved.

    `namespaces` are those in force where it stands, by prefix.
    """
    # A `>` in a text would look like the end of a tag.
    if "&" in raw or "\x00" in raw or _MARK in raw or raw.count("<") != raw.count(">"):
        return None
    skeleton = _TEXT.sub(_TEXT_PLACE, raw)
    numbers = iter(range(len(raw)))
    marked = _element(_TEXT.sub(lambda _: f">{_MARK}{next(numbers)}<", raw), namespaces)
    element = _element(raw, namespaces)
    if marked is None or element is None:
        return None
    fixed: Flat = {}
    paths: dict[str, int] = {}
    for path, value in flatten(marked).items():
        fixed[path] = value
        if value.startswith(_MARK):
            paths[path] = int(value.removeprefix(_MARK))
    places = tuple(sorted(paths.values()))
    layout = Layout(name, skeleton, tuple(sorted(paths, key=paths.__getitem__)), fixed, places)
    proof = layout.flat(layout.row(_TEXT.findall(raw)))
    return layout if list(proof.items()) == list(flatten(element).items()) else None


def _element(raw: str, namespaces: Mapping[str | None, str]) -> etree._Element | None:
    """The element by itself, with the namespaces that were in force around it."""
    declared = "".join(f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}" for prefix, uri in namespaces.items())
    around = parse_fragment(f"<around{declared}>{raw}</around>")
    return None if around is None or len(around) != 1 else around[0]
