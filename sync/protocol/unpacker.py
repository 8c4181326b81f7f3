"""Reads a value from its packed form; `packing` says how it looks."""

from __future__ import annotations

import itertools
import json
import sys
from array import array
from collections import Counter
from datetime import date, timedelta
from typing import Any, Final

from sync.protocol.packed_form import (
    DAY_MS,
    DICT_COST,
    EPOCH_DAY,
    EPOCH_NAIVE,
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


class Unpacker:
    """Reads the four parts side by side. Any exception of its own means damage."""

    def __init__(self, data: bytes, tables: Tables, limit: int) -> None:
        self._tables = tables
        self._budget = Budget(limit)
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
        self._next_name = 0

    def whole(self) -> Any:
        (value,) = self._column(1, ONE_VALUE, 0, Group())
        here = (self._place, self._numbers_place, self._ids_place, self._texts_place)
        if here != (self._steps_end, self._numbers_end, self._ids_end, len(self._texts)):
            raise ValueError
        return value

    def _column(self, count: int, name: str, depth: int, group: Group) -> list[Any]:
        self._budget.spend(count)
        kind = _CLASSES[self._step()]
        if kind is _SAME:
            column = group.columns[self._step()]
            if len(column) != count:
                raise ValueError
            self._budget.spend_texts([value for value in column if type(value) is str])
        elif kind is _MIXED:
            column = self._mixed(count, name, depth, group)
        else:
            column = self._of_class(kind, count, name, depth, group)
        group.columns.append(column)
        return column

    def _mixed(self, count: int, name: str, depth: int, group: Group) -> list[Any]:
        classes = self._integers(count)
        column: list[Any] = [None] * count
        for number in sorted(set(classes)):
            kind = Class(number)
            rows = [row for row, found in enumerate(classes) if found == number]
            if kind is Class.NULL:
                continue
            if kind is Class.TEXT:  # as a text or as a word
                kind = Class(self._step())
                if kind not in (Class.TEXT, Class.WORD):
                    raise ValueError
            elif kind in (Class.MIXED, Class.SAME, Class.WORD) or self._step() != kind:
                raise ValueError
            part = self._of_class(kind, len(rows), name, depth, group.only(rows))
            for row, value in zip(rows, part, strict=True):
                column[row] = value
        return column

    def _of_class(self, kind: Class, count: int, name: str, depth: int, group: Group) -> list[Any]:
        if kind in _FLAT:
            return self._flat(kind, count)
        match kind:
            case Class.WORD:
                return self._words(count, name)
            case Class.INSTANT:
                return [_instant_text(value) for value in self._moments(count, 1, group)]
            case Class.DATE:
                moments = self._moments(count, DAY_MS, group)
                return [_date_text(value // DAY_MS) for value in moments]
            case Class.LIST:
                return self._lists(count, name, depth)
            case _:
                return self._dicts(count, depth)

    def _flat(self, kind: Class, count: int) -> list[Any]:
        match kind:
            case Class.TEXT:
                return self._take_texts(count)
            case Class.UUID:
                return self._uuids(count)
            case Class.NULL:
                return [None] * count
            case Class.INT:
                return self._integers(count)
            case Class.BOOL:
                return [_BOOLS[value] for value in self._integers(count)]
            case Class.FLOAT:
                return self._take_numbers(count, "d", 8).tolist()
            case Class.JSON:
                return [json.loads(text) for text in self._take_texts(count)]
            case _:
                raise ValueError

    def _lists(self, count: int, name: str, depth: int) -> list[Any]:
        lengths = self._integers(count)
        if depth >= MAX_DEPTH or min(lengths) < 0:
            raise ValueError
        total = sum(lengths)
        items = self._column(total, name, depth + 1, Group()) if total else []
        ends = list(itertools.accumulate(lengths, initial=0))
        return [items[begin:end] for begin, end in itertools.pairwise(ends)]

    # --- lists of dicts

    def _dicts(self, count: int, depth: int) -> list[Any]:
        self._budget.spend(DICT_COST * count)
        number_of_groups = self._step()
        if depth >= MAX_DEPTH or not 1 <= number_of_groups <= count:
            raise ValueError
        shapes = [self._shape(depth) for _ in range(number_of_groups)]
        if number_of_groups == 1:
            return self._members(count, shapes[0], depth, Group())
        numbers = self._integers(count)
        sizes = Counter(numbers)
        members = [
            iter(self._members(sizes[number], shape, depth, Group()))
            for number, shape in enumerate(shapes)
        ]
        if min(numbers) < 0:
            raise ValueError
        return [next(members[number]) for number in numbers]

    def _members(self, count: int, shape: Shape, depth: int, group: Group) -> list[Any]:
        if count < 1:
            raise ValueError
        keys, inner = shape
        if not keys:
            return [{} for _ in range(count)]
        nested = dict(inner)
        columns = []
        for place, key in enumerate(keys):
            if place in nested:
                self._budget.spend(DICT_COST * count)
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
        if len(shapes.listed) < MOST_SHAPES:
            shapes.add(shape)
        return shape

    def _name(self) -> tuple[str, bool]:
        names = self._tables.names
        number, nested = divmod(self._step(), 2)
        if number:
            place = self._next_name + _unzigzag(number - 1)
            if place < 0:
                raise ValueError
            self._next_name = place + 1
            return names.listed[place], bool(nested)
        (name,) = self._take_texts(1)
        if len(names.listed) < MOST_NAMES:
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
        if len(words.listed) + len(new) > MOST_TEXTS:
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

    def _moments(self, count: int, unit: int, group: Group) -> list[int]:
        reference, scale = divmod(self._step(), len(SCALES))
        values = [value * SCALES[scale] for value in self._integers(count)]
        if reference:
            others = group.near()[reference - 1]
            values = [value + other // unit for value, other in zip(values, others, strict=True)]
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
        if planes > _MOST_PLANES:
            raise ValueError
        width = width_for(planes)
        return self._take_numbers(count, TYPE_CODES[width], planes).tolist()

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
        return _unzigzag(self._step())

    def _step(self) -> int:
        place = self._place
        if place < self._steps_end and self._data[place] < 128:  # nearly always
            self._place = place + 1
            return self._data[place]
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


_CLASSES: Final = tuple(Class)
"""By their numbers."""

_SAME: Final = Class.SAME
_MIXED: Final = Class.MIXED
_FLAT: Final = frozenset(
    {Class.TEXT, Class.UUID, Class.NULL, Class.INT, Class.BOOL, Class.FLOAT, Class.JSON}
)
_BOOLS: Final = {0: False, 1: True}
_MOST_STEP_BITS: Final = 70
_MOST_PLANES: Final = 8


def _chosen(listed: list[Any], places: list[int]) -> list[Any]:
    if min(places) < 0:
        raise ValueError
    return [listed[place] for place in places]


def _height(shape: Shape) -> int:
    return 1 + max((_height(inner) for _, inner in shape[1]), default=0)


def _instant_text(milliseconds: int) -> str:
    moment = EPOCH_NAIVE + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _date_text(day: int) -> str:
    return date.fromordinal(day + EPOCH_DAY).isoformat()


def _unzigzag(value: int) -> int:
    return -(value + 1 >> 1) if value & 1 else value >> 1
