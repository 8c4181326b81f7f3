"""What packer and unpacker agree on: classes, limits and the tables of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final

from sync.protocol.errors import TooLargeError
from sync.protocol.names import NAMES, WORDS

MAX_DEPTH: Final = 24
"""Lists and dicts deeper than this travel as JSON text."""

MAX_VALUES: Final = 5_000_000
"""Values in one packed value; a repeated value takes no bytes, so bytes alone do not bound it."""

DICT_COST = 8
"""A dict takes the memory of several plain values."""

MOST_TEXTS = 4096
"""Words remembered for one name."""

MOST_NAMES = 65_536
MOST_SHAPES = 65_536
_NEAR_MOMENTS = 4
"""Columns of moments that a later one is compared with."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_NAIVE: Final = EPOCH.replace(tzinfo=None)
DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = EPOCH.date().toordinal()
SCALES: Final = (1, 1000, 60_000)


class Class(IntEnum):
    """What a column holds. The numbers are part of the protocol."""

    NULL = 0
    BOOL = 1
    INT = 2
    FLOAT = 3
    UUID = 4
    INSTANT = 5
    DATE = 6
    TEXT = 7
    WORD = 8
    """A text of the table of its name."""
    JSON = 9
    """Anything that no other class holds: huge numbers, texts with NUL, deep nesting."""
    LIST = 10
    DICT = 11
    MIXED = 12
    SAME = 13
    """The same values as an earlier column of the group."""


Shape = tuple[tuple[str, ...], tuple[tuple[int, Any], ...]]
"""The keys of a dict, and the shapes of those values that are dicts, by the key's place."""

ONE_VALUE: Final = "value"


@dataclass(slots=True)
class Words:
    """Values in order of their first use, and the place of each."""

    listed: list[Any] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        self.places[value] = len(self.listed)
        self.listed.append(value)

    def copy(self) -> Words:
        """Return a table that says the same and grows by itself."""
        return Words(self.listed.copy(), self.places.copy())


class Tables:
    """What both sides of a stream know: identifiers, names, shapes and words used before.

    Not to be used again after an error: the two sides may then differ.
    """

    def __init__(self) -> None:
        self.ids = Words()
        self.names = _FIRST_NAMES.copy()
        self.shapes = Words()
        self.words = {name: words.copy() for name, words in _FIRST_WORDS.items()}

    def words_of(self, name: str) -> Words:
        """The words that were used under this name."""
        found = self.words.get(name)
        if found is None:
            found = self.words[name] = Words()
        return found


def _table(values: Iterable[str]) -> Words:
    table = Words()
    for value in values:
        table.add(value)
    return table


_FIRST_NAMES: Final = _table(NAMES)
_FIRST_WORDS: Final = {name: _table(words) for name, words in WORDS.items()}
"""What every stream begins with, made once."""


@dataclass(slots=True)
class Group:
    """The columns of one group so far, to which later ones may refer.

    `moments` are the columns of instants and dates, in milliseconds since 1970.
    """

    columns: list[list[Any]] = field(default_factory=list)
    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    moments: list[list[int]] = field(default_factory=list)

    def near(self) -> list[list[int]]:
        return self.moments[-_NEAR_MOMENTS:]

    def only(self, rows: Sequence[int]) -> Group:
        """The moments of some rows alone."""
        return Group(moments=[[column[row] for row in rows] for column in self.near()])


class Budget:
    """Counts what a packed value becomes once it is unpacked."""

    def __init__(self, limit: int) -> None:
        self._values = MAX_VALUES
        self._characters = 4 * limit
        self._limit = limit

    def spend(self, values: int) -> None:
        self._values -= values
        if self._values < 0:
            raise TooLargeError(self._limit)

    def spend_texts(self, texts: list[str]) -> None:
        self._characters -= sum(map(len, texts))
        if self._characters < 0:
            raise TooLargeError(self._limit)


TYPE_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


_WIDTHS: Final = (1, 1, 2, 4, 4, 8, 8, 8, 8)


def width_for(planes: int) -> int:
    """Return the width of a machine's number that has so many bytes, at most eight."""
    return _WIDTHS[planes]
