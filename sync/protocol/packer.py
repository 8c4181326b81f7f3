"""Writes a value in packed form; `packing` says how it looks."""

from __future__ import annotations

import itertools
import json
import re
import sys
from array import array
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.protocol.errors import TooLargeError
from sync.protocol.packed_form import (
    DAY_MS,
    DICT_COST,
    EPOCH,
    EPOCH_DAY,
    MAX_DEPTH,
    MOST_NAMES,
    MOST_SHAPES,
    MOST_TEXTS,
    ONE_VALUE,
    SCALES,
    TYPE_CODES,
    Budget,
    Class,
    Group,
    Shape,
    Tables,
    width_for,
)

_MILLISECOND: Final = timedelta(milliseconds=1)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TELLING_LENGTHS: Final = frozenset({10, 24, 36})
"""Lengths of a date, an instant and an identifier; other texts need no closer look."""

_DEPTH_OF_BODIES: Final = 3
"""A message, its list of records, a record, its body."""

_MANY_ITEMS: Final = 20_000

_TEXT_OR_NOTHING: Final = frozenset({str, type(None)})

_INT64: Final = range(-(2**63), 2**63)
_CLASS_OF_TYPE: Final[dict[type, Class]] = {
    type(None): Class.NULL,
    bool: Class.BOOL,
    int: Class.INT,
    float: Class.FLOAT,
    list: Class.LIST,
    dict: Class.DICT,
}


class Packer:
    def __init__(self, tables: Tables, limit: int) -> None:
        self._tables = tables
        self._limit = limit
        self._budget = Budget(limit)
        self._steps = bytearray()
        self._numbers: list[bytes] = []
        self._ids: list[bytes] = []
        self._texts: list[str] = []
        self._next_name = 0

    def whole(self, value: Any) -> bytes:
        self._column([value], ONE_VALUE, 0, Group())
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

    def _column(self, values: list[Any], name: str, depth: int, group: Group) -> None:
        self._budget.spend(len(values))
        types = set(map(type, values))
        # Only of texts: True, 1 and 1.0 are equal and not the same.
        if types <= _TEXT_OR_NOTHING and self._same_as_before(values, group):
            return
        group.columns.append(values)
        if len(types) == 1:
            kind = self._class_of_all(values, types.pop(), depth)
            if kind is not None:
                self._of_class(kind, values, name, depth, group)
                return
        self._mixed(values, name, depth, group)

    def _same_as_before(self, values: list[Any], group: Group) -> bool:
        key = tuple(values)
        place = group.places.setdefault(key, len(group.columns))
        if place == len(group.columns) or values[0] is None:
            return False
        self._step(Class.SAME)
        self._step(place)
        self._budget.spend_texts([value for value in values if value is not None])
        group.columns.append(values)
        return True

    def _class_of_all(self, values: list[Any], value_type: type, depth: int) -> Class | None:
        """The class of a column of one type, None when it has several."""
        if value_type is str:
            lengths = set(map(len, values))
            if lengths.isdisjoint(_TELLING_LENGTHS):
                return None if any("\0" in value for value in values) else Class.TEXT
            if lengths == {36} and all(value in self._tables.ids.places for value in values):
                return Class.UUID
        elif value_type is int and min(values) in _INT64 and max(values) in _INT64:
            return Class.INT
        elif value_type is list and depth < MAX_DEPTH:
            return Class.JSON if _too_many(values, depth) else Class.LIST
        classes = {self._class_of(value, depth) for value in values}
        return classes.pop() if len(classes) == 1 else None

    def _class_of(self, value: Any, depth: int) -> Class:
        value_type = type(value)
        if value_type is str:
            return _class_of_text(value)
        if value_type not in _CLASS_OF_TYPE:
            _refuse([value])
        kind = _CLASS_OF_TYPE[value_type]
        if kind is Class.INT and value not in _INT64:
            return Class.JSON
        if kind in (Class.LIST, Class.DICT) and depth >= MAX_DEPTH:
            return Class.JSON
        if kind is Class.DICT and not _plain_keys(value):
            return Class.JSON
        return kind

    def _mixed(self, values: list[Any], name: str, depth: int, group: Group) -> None:
        """Write the class of each row, then each class as a column of its own."""
        classes = [self._class_of(value, depth) for value in values]
        lists = [value for value in values if type(value) is list]
        if _too_many(lists, depth):
            classes = [Class.JSON if kind is Class.LIST else kind for kind in classes]
        self._step(Class.MIXED)
        self._integers([int(kind) for kind in classes])
        for kind in sorted(set(classes)):
            rows = [row for row, found in enumerate(classes) if found is kind]
            if kind is not Class.NULL:
                part = [values[row] for row in rows]
                self._of_class(kind, part, name, depth, group.only(rows))

    def _of_class(
        self, kind: Class, values: list[Any], name: str, depth: int, group: Group
    ) -> None:
        if kind is Class.TEXT:
            self._text(values, name)
            return
        self._step(kind)
        match kind:
            case Class.UUID:
                self._uuids(values)
            case Class.BOOL | Class.INT:
                self._integers(values)
            case Class.INSTANT:
                self._moments([_milliseconds(value) for value in values], 1, group)
            case Class.FLOAT:
                self._numbers.append(_planes(_little_endian(array("d", values)), 8, 8))
            case Class.DATE:
                self._moments([_day(value) * DAY_MS for value in values], DAY_MS, group)
            case Class.JSON:
                self._texts.extend(json.dumps(value) for value in values)
            case _:
                self._nested(kind, values, name, depth)

    def _nested(self, kind: Class, values: list[Any], name: str, depth: int) -> None:
        match kind:
            case Class.LIST:
                self._integers([len(value) for value in values])
                items = list(itertools.chain.from_iterable(values))
                if items:
                    self._column(items, name, depth + 1, Group())
            case Class.DICT:
                self._dicts(values, depth)
            case _:
                pass  # NULL says it all

    # --- lists of dicts

    def _dicts(self, values: list[dict[str, Any]], depth: int) -> None:
        self._budget.spend(DICT_COST * len(values))
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
            self._columns(members, shape, depth, Group())

    def _columns(
        self, members: list[dict[str, Any]], shape: Shape, depth: int, group: Group
    ) -> None:
        keys, inner = shape
        if not keys:
            return
        nested = dict(inner)
        for place, column in enumerate(zip(*[member.values() for member in members], strict=True)):
            if place in nested:
                self._budget.spend(DICT_COST * len(column))
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
        if len(shapes.listed) < MOST_SHAPES:
            shapes.add(shape)

    def _name(self, name: str, *, nested: bool) -> None:
        names = self._tables.names
        place = names.places.get(name)
        if place is None:
            self._step(nested)
            self._texts.append(name)
            if len(names.listed) < MOST_NAMES:
                names.add(name)
            return
        # Fields mostly follow each other as they do in the table: the jump is mostly nought.
        self._step(_zigzag(place - self._next_name) + 1 << 1 | nested)
        self._next_name = place + 1

    # --- texts

    def _text(self, values: list[str], name: str) -> None:
        words = self._tables.words_of(name)
        new = [value for value in dict.fromkeys(values) if value not in words.places]
        if 2 * len(new) > len(values) or len(words.listed) + len(new) > MOST_TEXTS:
            self._step(Class.TEXT)
            self._texts.extend(values)
            return
        self._step(Class.WORD)
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

    def _moments(self, values: list[int], unit: int, group: Group) -> None:
        """Write moments by themselves or as the time since an earlier column's, what is less."""
        best = [value // unit for value in values]
        cost, reference = _cost(best), 0
        # What costs nothing, as one moment alone does, cannot cost less.
        near = group.near() if cost else []
        for number, column in enumerate(near, start=1):
            since = [
                value // unit - other // unit for value, other in zip(values, column, strict=True)
            ]
            if (since_cost := _cost(since)) < cost:
                best, cost, reference = since, since_cost, number
        scale = 0
        if unit == 1:
            scale = max(
                place for place, size in enumerate(SCALES) if not any(v % size for v in best)
            )
        self._step(reference * len(SCALES) + scale)
        self._integers([value // SCALES[scale] for value in best])
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
            width = width_for(planes)
            numbers = array(TYPE_CODES[width], [value - least for value in values])
            self._numbers.append(_planes(_little_endian(numbers), width, planes))

    def _signed(self, value: int) -> None:
        self._step(_zigzag(value))

    def _step(self, value: int) -> None:
        if value < 128:  # nearly always
            self._steps.append(value)
        else:
            _write_varint(self._steps, value)


def _class_of_text(text: str) -> Class:
    length = len(text)
    if length == 36 and _UUID.fullmatch(text):
        return Class.UUID
    if length == 24 and _INSTANT.fullmatch(text) and _is_day(text[:10]):
        return Class.INSTANT
    if length == 10 and _DATE.fullmatch(text) and _is_day(text):
        return Class.DATE
    return Class.JSON if "\0" in text else Class.TEXT


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _milliseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // _MILLISECOND


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH_DAY


def _too_many(lists: list[list[Any]], depth: int) -> bool:
    """True for lists inside bodies that would use up what one packed value may hold.

    As JSON text they are as heavy as their bytes: no record that was stored can then make a page
    that nobody can read.
    """
    return depth > _DEPTH_OF_BODIES and sum(map(len, lists)) > _MANY_ITEMS


def _plain_keys(value: dict[Any, Any]) -> bool:
    for key in value:
        if type(key) is not str:
            _refuse([key])
        if "\0" in key:
            return False
    return True


def _refuse(values: list[Any]) -> Class:
    """This is no JSON; the error names the type alone."""
    raise TypeError(f"cannot pack {type(values[0]).__name__}")


def _shape_of(value: dict[str, Any], depth: int) -> Shape:
    if dict not in map(type, value.values()):
        return tuple(value), ()
    inner = [
        (place, _shape_of(item, depth + 1))
        for place, item in enumerate(value.values())
        if type(item) is dict and depth + 1 < MAX_DEPTH and _plain_keys(item)
    ]
    return tuple(value), tuple(inner)


def _cost(values: list[int]) -> int:
    if len(values) == 1:
        return 0
    return min(_cost_of(values), _cost_of([b - a for a, b in itertools.pairwise(values)]))


def _cost_of(values: Sequence[int]) -> int:
    """About how many bits these numbers take."""
    if not values:
        return 0
    least = min(values)
    return sum(map(int.bit_length, [value - least for value in values])) + least.bit_length()


def _bytes_for(largest: int) -> int:
    return (largest.bit_length() + 7) // 8


def _little_endian(numbers: array[Any]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _planes(data: bytes, width: int, planes: int) -> bytes:
    """All first bytes, then all second bytes and so on: high bytes are alike and vanish."""
    return b"".join(data[place::width] for place in range(planes))


def _zigzag(value: int) -> int:
    """Small numbers of either sign as small numbers."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def _write_varint(to: bytearray, value: int) -> None:
    while value > 127:
        to.append(value & 127 | 128)
        value >>= 7
    to.append(value)
