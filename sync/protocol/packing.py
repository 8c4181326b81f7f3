"""Compact packing of JSON-like values: column by column, with a table of names for a whole stream.

A list of dicts is sorted into groups of the same shape (the same keys in the same order, also
inside), and each key of a group becomes one column of values of one class. Then equal things stand
beside each other and the compressor (see `codec`) finds them. Identifiers are written once as 16
bytes and later as a small number, moments as differences, and words that come again as numbers.
What would not come back exactly as it was stays text.

A packed value is four parts, one after the other: *steps* (what comes next, small numbers),
*numbers* (fixed width, all first bytes of a column, then all second bytes ...), *ids* (16 bytes
each) and *texts* (each ended by NUL). The parts are read side by side.

`Tables` holds what the two sides have told each other so far. Both sides of a stream must pack and
unpack the same values in the same order; the answer's tables are those that the request left.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from sync.protocol.errors import ProtocolError_, TooLargeError
from sync.protocol.names import NAMES
from sync.protocol.version import MAX_PLAIN_BYTES

MAX_DEPTH: Final = 24
"""Lists and dicts deeper than this travel as JSON text."""

MAX_VALUES: Final = 2_000_000
"""Values in one packed value; a repeated value takes no bytes, so bytes alone do not bound it."""

_DICT_COST = 8
"""A dict takes the memory of several plain values."""

_MOST_TEXTS = 4096
"""Words remembered for one name."""

_MOST_NAMES = 65_536
_MOST_SHAPES = 65_536
_NEAR_MOMENTS = 4
"""Columns of moments that a later one is compared with."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE: Final = _EPOCH.replace(tzinfo=None)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY_MS: Final = 86_400_000
_EPOCH_DAY: Final = _EPOCH.date().toordinal()
_SCALES: Final = (1, 1000, 60_000)

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TELLING_LENGTHS: Final = frozenset({10, 24, 36})
"""Lengths of a date, an instant and an identifier; other texts need no closer look."""

_INT64: Final = range(-(2**63), 2**63)


class _Class(IntEnum):
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


_CLASS_OF_TYPE: Final[dict[type, _Class]] = {
    type(None): _Class.NULL,
    bool: _Class.BOOL,
    int: _Class.INT,
    float: _Class.FLOAT,
    list: _Class.LIST,
    dict: _Class.DICT,
}

Shape = tuple[tuple[str, ...], tuple[tuple[int, Any], ...]]
"""The keys of a dict, and the shapes of those values that are dicts, by the key's place."""

_ONE_VALUE: Final = "value"


@dataclass(slots=True)
class _Words:
    """Values in order of their first use, and the place of each."""

    listed: list[Any] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        self.places[value] = len(self.listed)
        self.listed.append(value)


class Tables:
    """What both sides of a stream know: identifiers, names, shapes and words used before.

    Not to be used again after an error: the two sides may then differ.
    """

    def __init__(self) -> None:
        self.ids = _Words()
        self.names = _Words()
        self.shapes = _Words()
        self.words: dict[str, _Words] = {}
        for name in NAMES:
            self.names.add(name)

    def words_of(self, name: str) -> _Words:
        """The words that were used under this name."""
        found = self.words.get(name)
        if found is None:
            found = self.words[name] = _Words()
        return found


def pack(value: Any, tables: Tables, *, limit: int = MAX_PLAIN_BYTES) -> bytes:
    """Return the packed form of a value made of None, bool, int, float, str, list and dict.

    Raises TooLargeError when the other side would not read it, TypeError for any other type.
    """
    try:
        return _Packer(tables, limit).whole(value)
    except RecursionError:
        raise ProtocolError_("packing") from None


def unpack(data: bytes, tables: Tables, *, limit: int = MAX_PLAIN_BYTES) -> Any:
    """Return the value that `pack` was given.

    Raises TooLargeError for more than `limit` bytes and ProtocolError_ for anything that `pack`
    does not write. Memory stays within a small multiple of `limit` whatever the bytes say.
    """
    if len(data) > limit:
        raise TooLargeError(limit)
    try:
        return _Unpacker(data, tables, limit).whole()
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        # Whatever the reader stumbled over, and without its words: they may quote the contents.
        raise ProtocolError_("packing") from None


# --- what both directions share


@dataclass(slots=True)
class _Group:
    """The columns of one group so far, to which later ones may refer.

    `moments` are the columns of instants and dates, in milliseconds since 1970.
    """

    columns: list[list[Any]] = field(default_factory=list)
    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    moments: list[list[int]] = field(default_factory=list)

    def near(self) -> list[list[int]]:
        return self.moments[-_NEAR_MOMENTS:]

    def only(self, rows: Sequence[int]) -> _Group:
        """The moments of some rows alone."""
        return _Group(moments=[[column[row] for row in rows] for column in self.near()])


class _Budget:
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


# --- packing


class _Packer:
    def __init__(self, tables: Tables, limit: int) -> None:
        self._tables = tables
        self._limit = limit
        self._budget = _Budget(limit)
        self._steps = bytearray()
        self._numbers: list[bytes] = []
        self._ids: list[bytes] = []
        self._texts: list[str] = []

    def whole(self, value: Any) -> bytes:
        self._column([value], _ONE_VALUE, 0, _Group())
        numbers, ids = b"".join(self._numbers), b"".join(self._ids)
        head = bytearray()
        for part in (len(self._steps), len(numbers), len(ids)):
            _write_varint(head, part)
        self._texts.append("")  # so that the last one is ended too
        texts = "\0".join(self._texts).encode("utf-8", "surrogatepass")
        whole = b"".join((head, self._steps, numbers, ids, texts))
        if len(whole) > self._limit:
            raise TooLargeError(self._limit)
        return whole

    def _column(self, values: list[Any], name: str, depth: int, group: _Group) -> None:
        self._budget.spend(len(values))
        if self._same_as_before(values, group):
            return
        group.columns.append(values)
        types = set(map(type, values))
        if len(types) == 1:
            kind = self._class_of_all(values, types.pop(), depth)
            if kind is not None:
                self._of_class(kind, values, name, depth, group)
                return
        self._mixed(values, name, depth, group)

    def _same_as_before(self, values: list[Any], group: _Group) -> bool:
        # Only of texts: True, 1 and 1.0 are equal and not the same.
        if not set(map(type, values)) <= {str, type(None)}:
            return False
        key = tuple(values)
        place = group.places.setdefault(key, len(group.columns))
        if place == len(group.columns) or values[0] is None:
            return False
        self._step(_Class.SAME)
        self._step(place)
        self._budget.spend_texts([value for value in values if value is not None])
        group.columns.append(values)
        return True

    def _class_of_all(self, values: list[Any], value_type: type, depth: int) -> _Class | None:
        """The class of a column of one type, None when it has several."""
        if value_type is str:
            lengths = set(map(len, values))
            if lengths.isdisjoint(_TELLING_LENGTHS):
                return None if any("\0" in value for value in values) else _Class.TEXT
            if lengths == {36} and all(value in self._tables.ids.places for value in values):
                return _Class.UUID
        elif value_type is int and min(values) in _INT64 and max(values) in _INT64:
            return _Class.INT
        elif value_type is list and depth < MAX_DEPTH:
            return _Class.LIST
        classes = {self._class_of(value, depth) for value in values}
        return classes.pop() if len(classes) == 1 else None

    def _class_of(self, value: Any, depth: int) -> _Class:
        value_type = type(value)
        if value_type is str:
            return _class_of_text(value)
        if value_type not in _CLASS_OF_TYPE:
            _refuse([value])
        kind = _CLASS_OF_TYPE[value_type]
        if kind is _Class.INT and value not in _INT64:
            return _Class.JSON
        if kind in (_Class.LIST, _Class.DICT) and depth >= MAX_DEPTH:
            return _Class.JSON
        if kind is _Class.DICT and not _plain_keys(value):
            return _Class.JSON
        return kind

    def _mixed(self, values: list[Any], name: str, depth: int, group: _Group) -> None:
        """Write the class of each row, then each class as a column of its own."""
        classes = [self._class_of(value, depth) for value in values]
        self._step(_Class.MIXED)
        self._integers([int(kind) for kind in classes])
        for kind in sorted(set(classes)):
            rows = [row for row, found in enumerate(classes) if found is kind]
            if kind is not _Class.NULL:
                part = [values[row] for row in rows]
                self._of_class(kind, part, name, depth, group.only(rows))

    def _of_class(
        self, kind: _Class, values: list[Any], name: str, depth: int, group: _Group
    ) -> None:
        if kind is _Class.TEXT:
            self._text(values, name)
            return
        self._step(kind)
        match kind:
            case _Class.BOOL | _Class.INT:
                self._integers(values)
            case _Class.FLOAT:
                self._numbers.append(_planes(_little_endian(array("d", values)), 8, 8))
            case _Class.UUID:
                self._uuids(values)
            case _Class.INSTANT:
                self._moments([_milliseconds(value) for value in values], 1, group)
            case _Class.DATE:
                self._moments([_day(value) * _DAY_MS for value in values], _DAY_MS, group)
            case _Class.JSON:
                self._texts.extend(json.dumps(value) for value in values)
            case _Class.LIST:
                self._integers([len(value) for value in values])
                items = list(itertools.chain.from_iterable(values))
                if items:
                    self._column(items, name, depth + 1, _Group())
            case _Class.DICT:
                self._dicts(values, depth)
            case _:
                pass  # NULL says it all

    # --- lists of dicts

    def _dicts(self, values: list[dict[str, Any]], depth: int) -> None:
        self._budget.spend(_DICT_COST * len(values))
        shapes = [_shape_of(value, depth) for value in values]
        groups: dict[Shape, list[dict[str, Any]]] = {}
        for shape, value in zip(shapes, values, strict=True):
            groups.setdefault(shape, []).append(value)
        self._step(len(groups))
        for shape in groups:
            self._shape(shape)
        if len(groups) > 1:
            numbers = {shape: number for number, shape in enumerate(groups)}
            self._integers([numbers[shape] for shape in shapes])
        for shape, members in groups.items():
            self._columns(members, shape, depth, _Group())

    def _columns(
        self, members: list[dict[str, Any]], shape: Shape, depth: int, group: _Group
    ) -> None:
        keys, inner = shape
        if not keys:
            return
        nested = dict(inner)
        for place, column in enumerate(zip(*[member.values() for member in members], strict=True)):
            if place in nested:
                self._budget.spend(_DICT_COST * len(column))
                self._columns(list(column), nested[place], depth + 1, group)
            else:
                self._column(list(column), keys[place], depth + 1, group)

    def _shape(self, shape: Shape) -> None:
        """Write a shape: its number when it was used before, otherwise its keys."""
        shapes = self._tables.shapes
        place = shapes.places.get(shape)
        if place is not None:
            self._step(place + 1)
            return
        self._step(0)
        keys, inner = shape
        nested = dict(inner)
        self._step(len(keys))
        for index, key in enumerate(keys):
            self._name(key, nested=index in nested)
        for _, inner_shape in inner:
            self._shape(inner_shape)
        if len(shapes.listed) < _MOST_SHAPES:
            shapes.add(shape)

    def _name(self, name: str, *, nested: bool) -> None:
        names = self._tables.names
        place = names.places.get(name)
        self._step((0 if place is None else place + 1) << 1 | nested)
        if place is None:
            self._texts.append(name)
            if len(names.listed) < _MOST_NAMES:
                names.add(name)

    # --- texts

    def _text(self, values: list[str], name: str) -> None:
        words = self._tables.words_of(name)
        new = [value for value in dict.fromkeys(values) if value not in words.places]
        if 2 * len(new) > len(values) or len(words.listed) + len(new) > _MOST_TEXTS:
            self._step(_Class.TEXT)
            self._texts.extend(values)
            return
        self._step(_Class.WORD)
        self._step(len(new))
        self._texts.extend(new)
        for value in new:
            words.add(value)
        self._budget.spend_texts(values)
        self._integers([words.places[value] for value in values])

    def _uuids(self, values: list[str]) -> None:
        ids = self._tables.ids
        new = [value for value in dict.fromkeys(values) if value not in ids.places]
        self._step(len(new))
        for value in new:
            ids.add(value)
            self._ids.append(bytes.fromhex(value.replace("-", "")))
        self._integers([ids.places[value] for value in values])

    # --- numbers

    def _moments(self, values: list[int], unit: int, group: _Group) -> None:
        """Write moments by themselves or as the time since an earlier column's, what is less."""
        near = group.near()
        best = [value // unit for value in values]
        cost, reference = _cost(best), 0
        for number, column in enumerate(near, start=1):
            since = [
                value // unit - other // unit for value, other in zip(values, column, strict=True)
            ]
            if (since_cost := _cost(since)) < cost:
                best, cost, reference = since, since_cost, number
        scale = 0
        if unit == 1:
            scale = max(
                place for place, size in enumerate(_SCALES) if not any(v % size for v in best)
            )
        self._step(reference * len(_SCALES) + scale)
        self._integers([value // _SCALES[scale] for value in best])
        group.moments.append(values)

    def _integers(self, values: Sequence[int]) -> None:
        """Write numbers by themselves, or as steps from one to the next, what is less."""
        low, high = min(values), max(values)
        if low == high:
            self._step(0)
            self._signed(int(low))
            return
        steps = [after - before for before, after in itertools.pairwise(values)]
        if max(steps) - min(steps) < 2**64 and _cost_of(steps) < _cost_of(values):
            least = min(steps)
            planes = _bytes_for(max(steps) - least)
            self._step(planes << 1 | 1)
            self._signed(values[0])
            self._signed(least)
            self._offsets(steps, least, planes)
        else:
            planes = _bytes_for(high - low)
            self._step(planes << 1)
            self._signed(low)
            self._offsets(values, low, planes)

    def _offsets(self, values: Sequence[int], least: int, planes: int) -> None:
        if planes:
            width = _width_for(planes)
            numbers = array(_TYPE_CODES[width], [value - least for value in values])
            self._numbers.append(_planes(_little_endian(numbers), width, planes))

    def _signed(self, value: int) -> None:
        self._step(value << 1 if value >= 0 else (-value << 1) - 1)

    def _step(self, value: int) -> None:
        _write_varint(self._steps, value)


def _class_of_text(text: str) -> _Class:
    length = len(text)
    if length == 36 and _UUID.fullmatch(text):
        return _Class.UUID
    if length == 24 and _INSTANT.fullmatch(text) and _is_day(text[:10]):
        return _Class.INSTANT
    if length == 10 and _DATE.fullmatch(text) and _is_day(text):
        return _Class.DATE
    return _Class.JSON if "\0" in text else _Class.TEXT


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _milliseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY


def _plain_keys(value: dict[Any, Any]) -> bool:
    for key in value:
        if type(key) is not str:
            _refuse([key])
        if "\0" in key:
            return False
    return True


def _refuse(values: list[Any]) -> _Class:
    """This is no JSON; the error names the type alone."""
    raise TypeError(f"cannot pack {type(values[0]).__name__}")


def _shape_of(value: dict[str, Any], depth: int) -> Shape:
    inner = [
        (place, _shape_of(item, depth + 1))
        for place, item in enumerate(value.values())
        if type(item) is dict and depth + 1 < MAX_DEPTH and _plain_keys(item)
    ]
    return tuple(value), tuple(inner)


def _cost(values: list[int]) -> int:
    return min(_cost_of(values), _cost_of([b - a for a, b in itertools.pairwise(values)]))


def _cost_of(values: Sequence[int]) -> int:
    """About how many bits these numbers take."""
    if not values:
        return 0
    least = min(values)
    return sum([(value - least).bit_length() for value in values]) + least.bit_length()


def _bytes_for(largest: int) -> int:
    return (largest.bit_length() + 7) // 8


_TYPE_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


def _width_for(planes: int) -> int:
    return next(width for width in _TYPE_CODES if width >= planes)


def _little_endian(numbers: array[Any]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _planes(data: bytes, width: int, planes: int) -> bytes:
    """All first bytes, then all second bytes and so on: high bytes are alike and vanish."""
    return b"".join(data[place::width] for place in range(planes))


def _write_varint(to: bytearray, value: int) -> None:
    while value > 127:
        to.append(value & 127 | 128)
        value >>= 7
    to.append(value)


# --- unpacking


class _Unpacker:
    """Reads the four parts side by side. Any exception of its own means damage."""

    def __init__(self, data: bytes, tables: Tables, limit: int) -> None:
        self._tables = tables
        self._budget = _Budget(limit)
        self._data = data
        self._place = 0
        self._steps_end = len(data)
        sizes = (self._step(), self._step(), self._step())
        ends = list(itertools.accumulate(sizes, initial=self._place))
        if ends[-1] > len(data):
            raise ValueError
        self._steps_end = self._numbers_place = ends[1]
        self._numbers_end = self._ids_place = ends[2]
        self._ids_end = ends[3]
        texts = data[ends[3] :]
        self._budget.spend(texts.count(0))
        self._texts = texts.decode("utf-8", "surrogatepass").split("\0")
        if self._texts.pop():
            raise ValueError
        self._texts_place = 0

    def whole(self) -> Any:
        (value,) = self._column(1, _ONE_VALUE, 0, _Group())
        here = (self._place, self._numbers_place, self._ids_place, self._texts_place)
        if here != (self._steps_end, self._numbers_end, self._ids_end, len(self._texts)):
            raise ValueError
        return value

    def _column(self, count: int, name: str, depth: int, group: _Group) -> list[Any]:
        self._budget.spend(count)
        kind = _Class(self._step())
        if kind is _Class.SAME:
            column = group.columns[self._step()]
            if len(column) != count:
                raise ValueError
            self._budget.spend_texts([value for value in column if type(value) is str])
        elif kind is _Class.MIXED:
            column = self._mixed(count, name, depth, group)
        else:
            column = self._of_class(kind, count, name, depth, group)
        group.columns.append(column)
        return column

    def _mixed(self, count: int, name: str, depth: int, group: _Group) -> list[Any]:
        classes = self._integers(count)
        column: list[Any] = [None] * count
        for number in sorted(set(classes)):
            kind = _Class(number)
            rows = [row for row, found in enumerate(classes) if found == number]
            if kind is _Class.NULL:
                continue
            if kind is _Class.TEXT:  # as a text or as a word
                kind = _Class(self._step())
                if kind not in (_Class.TEXT, _Class.WORD):
                    raise ValueError
            elif kind in (_Class.MIXED, _Class.SAME, _Class.WORD) or self._step() != kind:
                raise ValueError
            part = self._of_class(kind, len(rows), name, depth, group.only(rows))
            for row, value in zip(rows, part, strict=True):
                column[row] = value
        return column

    def _of_class(
        self, kind: _Class, count: int, name: str, depth: int, group: _Group
    ) -> list[Any]:
        match kind:
            case _Class.NULL:
                return [None] * count
            case _Class.BOOL:
                return [_BOOLS[value] for value in self._integers(count)]
            case _Class.INT:
                return self._integers(count)
            case _Class.FLOAT:
                return self._take_numbers(count, "d", 8).tolist()
            case _Class.UUID:
                return self._uuids(count)
            case _Class.INSTANT:
                return [_instant_text(value) for value in self._moments(count, 1, group)]
            case _Class.DATE:
                moments = self._moments(count, _DAY_MS, group)
                return [_date_text(value // _DAY_MS) for value in moments]
            case _Class.TEXT:
                return self._take_texts(count)
            case _Class.WORD:
                return self._words(count, name)
            case _Class.JSON:
                return [json.loads(text) for text in self._take_texts(count)]
            case _Class.LIST:
                return self._lists(count, name, depth)
            case _Class.DICT:
                return self._dicts(count, depth)
            case _:
                raise ValueError

    def _lists(self, count: int, name: str, depth: int) -> list[Any]:
        lengths = self._integers(count)
        if depth >= MAX_DEPTH or min(lengths) < 0:
            raise ValueError
        total = sum(lengths)
        items = self._column(total, name, depth + 1, _Group()) if total else []
        ends = list(itertools.accumulate(lengths, initial=0))
        return [items[begin:end] for begin, end in itertools.pairwise(ends)]

    # --- lists of dicts

    def _dicts(self, count: int, depth: int) -> list[Any]:
        self._budget.spend(_DICT_COST * count)
        number_of_groups = self._step()
        if depth >= MAX_DEPTH or not 1 <= number_of_groups <= count:
            raise ValueError
        shapes = [self._shape(depth) for _ in range(number_of_groups)]
        if number_of_groups == 1:
            return self._members(count, shapes[0], depth, _Group())
        numbers = self._integers(count)
        sizes = Counter(numbers)
        members = [
            iter(self._members(sizes[number], shape, depth, _Group()))
            for number, shape in enumerate(shapes)
        ]
        if min(numbers) < 0:
            raise ValueError
        return [next(members[number]) for number in numbers]

    def _members(self, count: int, shape: Shape, depth: int, group: _Group) -> list[Any]:
        if count < 1:
            raise ValueError
        keys, inner = shape
        if not keys:
            return [{} for _ in range(count)]
        nested = dict(inner)
        columns = []
        for place, key in enumerate(keys):
            if place in nested:
                self._budget.spend(_DICT_COST * count)
                columns.append(self._members(count, nested[place], depth + 1, group))
            else:
                columns.append(self._column(count, key, depth + 1, group))
        return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]

    def _shape(self, depth: int) -> Shape:
        shapes = self._tables.shapes
        number = self._step()
        if number:
            known: Shape = shapes.listed[number - 1]
            if depth + _height(known) > MAX_DEPTH:
                raise ValueError
            return known
        if depth >= MAX_DEPTH:
            raise ValueError
        count = self._step()
        self._budget.spend(count)
        names = [self._name() for _ in range(count)]
        inner = [(place, None) for place, (_, nested) in enumerate(names) if nested]
        shape = (
            tuple(name for name, _ in names),
            tuple((place, self._shape(depth + 1)) for place, _ in inner),
        )
        if len(set(shape[0])) != count:
            raise ValueError
        if len(shapes.listed) < _MOST_SHAPES:
            shapes.add(shape)
        return shape

    def _name(self) -> tuple[str, bool]:
        names = self._tables.names
        number, nested = divmod(self._step(), 2)
        if number:
            return names.listed[number - 1], bool(nested)
        (name,) = self._take_texts(1)
        if len(names.listed) < _MOST_NAMES:
            names.add(name)
        return name, bool(nested)

    # --- texts

    def _take_texts(self, count: int) -> list[str]:
        begin = self._texts_place
        if count > len(self._texts) - begin:
            raise ValueError
        self._texts_place = begin + count
        return self._texts[begin : begin + count]

    def _words(self, count: int, name: str) -> list[Any]:
        words = self._tables.words_of(name)
        new = self._take_texts(self._step())
        if len(words.listed) + len(new) > _MOST_TEXTS:
            raise ValueError
        for text in new:
            words.add(text)
        texts = _chosen(words.listed, self._integers(count))
        self._budget.spend_texts(texts)
        return texts

    def _uuids(self, count: int) -> list[Any]:
        ids = self._tables.ids
        size = 16 * self._step()
        if size > self._ids_end - self._ids_place:
            raise ValueError
        digits = self._data[self._ids_place : self._ids_place + size].hex()
        self._ids_place += size
        for place in range(0, len(digits), 32):
            one = digits[place : place + 32]
            ids.add(f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}")
        return _chosen(ids.listed, self._integers(count))

    # --- numbers

    def _moments(self, count: int, unit: int, group: _Group) -> list[int]:
        reference, scale = divmod(self._step(), len(_SCALES))
        values = [value * _SCALES[scale] for value in self._integers(count)]
        if reference:
            others = group.near()[reference - 1]
            values = [
                value + other // unit for value, other in zip(values, others, strict=True)
            ]
        values = [value * unit for value in values]
        group.moments.append(values)
        return values

    def _integers(self, count: int) -> list[int]:
        planes, in_steps = divmod(self._step(), 2)
        first = self._signed()
        if not planes and not in_steps:
            return [first] * count
        if in_steps:
            least = self._signed()
            offsets = self._offsets(count - 1, planes)
            return list(itertools.accumulate([v + least for v in offsets], initial=first))
        return [value + first for value in self._offsets(count, planes)]

    def _offsets(self, count: int, planes: int) -> list[int]:
        if not planes:
            return [0] * count
        width = _width_for(planes)
        return self._take_numbers(count, _TYPE_CODES[width], planes).tolist()

    def _take_numbers(self, count: int, type_code: str, planes: int) -> array[Any]:
        end = self._numbers_place + count * planes
        if end > self._numbers_end:
            raise ValueError
        numbers = array(type_code)
        width = numbers.itemsize
        buffer = bytearray(count * width)
        for plane in range(planes):
            begin = self._numbers_place + plane * count
            buffer[plane::width] = self._data[begin : begin + count]
        self._numbers_place = end
        numbers.frombytes(buffer)
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def _signed(self) -> int:
        value = self._step()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def _step(self) -> int:
        value = shift = 0
        while True:
            if self._place >= self._steps_end or shift > _MOST_STEP_BITS:
                raise ValueError
            byte = self._data[self._place]
            self._place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7


_BOOLS: Final = {0: False, 1: True}
_MOST_STEP_BITS: Final = 70


def _chosen(listed: list[Any], places: list[int]) -> list[Any]:
    if min(places) < 0:
        raise ValueError
    return [listed[place] for place in places]


def _height(shape: Shape) -> int:
    return 1 + max((_height(inner) for _, inner in shape[1]), default=0)


def _instant_text(milliseconds: int) -> str:
    moment = _EPOCH_NAIVE + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _date_text(day: int) -> str:
    return date.fromordinal(day + _EPOCH_DAY).isoformat()
