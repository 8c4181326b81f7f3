"""Packed columns: everything comes back exactly, and damage is a misunderstanding and no worse."""

from __future__ import annotations

import contextlib
import json
import random
import tracemalloc
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sync.protocol.errors import ProtocolError_, SyncError, TooLargeError
from sync.protocol.names import NAMES, WORDS
from sync.protocol.packed_form import MAX_DEPTH
from sync.protocol.packing import Tables, pack, unpack
from sync.protocol.version import MAX_BODY_BYTES
from tests.sync.packed_samples import day, identifier

KNOWN_ID = identifier(7)

texts = some.one_of(
    some.text(max_size=12),
    some.sampled_from(
        [
            KNOWN_ID,
            KNOWN_ID.upper(),
            KNOWN_ID.replace("-", "0"),
            "2026-11-22T08:15:00.123Z",
            "2026-11-22T24:00:00.000Z",
            "2026-11-22T08:15:60.000Z",
            "2026-02-30T08:15:00.000Z",
            "2026-11-22T08:15:00.123456Z",
            "0001-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
            "2026-11-22",
            "2026-02-30",
            "2026-W01-1",
            "٢٠٢٦-١١-٢٢",
            "0000-01-01",
            "\ud800",
            "a\0b",
            "",
        ]
    ),
    some.uuids().map(str),
    some.datetimes().map(lambda value: value.isoformat(timespec="milliseconds") + "Z"),
    some.dates().map(str),
)
numbers = some.one_of(
    some.integers(),
    some.integers(-(2**63), 2**63 - 1),
    some.sampled_from([2**63, -(2**63) - 1, 2**64, 0, 1, -1, 10**40]),
    some.floats(allow_nan=False),
)
leaves = some.one_of(some.none(), some.booleans(), numbers, texts)
keys = some.one_of(some.sampled_from(["id", "kind", "body", "a", "b"]), some.text(max_size=4))
values = some.recursive(
    leaves,
    lambda inner: some.one_of(
        some.lists(inner, max_size=6), some.dictionaries(keys, inner, max_size=5)
    ),
    max_leaves=40,
)


def exact(value: Any) -> str:
    """A text that differs whenever types, key order or signs differ."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{exact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(exact, value)) + "]"
    return f"{type(value).__name__}({value!r})"


def there_and_back(*sent: Any) -> list[Any]:
    """Pack and unpack one after the other, as one stream."""
    writing, reading = Tables(), Tables()
    return [unpack(pack(value, writing), reading) for value in sent]


@settings(max_examples=400, deadline=None)
@given(some.lists(values, min_size=1, max_size=3))
def test_any_values_come_back_exactly_one_after_the_other(sent: list[Any]) -> None:
    assert exact(there_and_back(*sent)) == exact(sent)


@settings(max_examples=150, deadline=None)
@given(some.lists(some.dictionaries(keys, leaves, max_size=4), max_size=30))
def test_records_of_many_shapes_come_back_in_their_order(sent: list[Any]) -> None:
    assert exact(there_and_back(sent)) == exact([sent])


@pytest.mark.parametrize(
    "sent",
    [
        [1, 1.0, True, None, "1", 0, -0.0, 0.0, False],
        [{"a": None}, {}, {"a": 1}, {"b": None, "a": 2}, {"a": 2, "b": None}],
        [[], [[]], {}, [{}], [{}, {}]],
        [{"a": "x", "b": "x"}, {"a": True, "b": 1}],
        [-(2**63), 2**63 - 1],
        [float("inf"), 5e-324, 1.7976931348623157e308],
        {"a\0b": {"c": 1}, "\ud800": "\udfff"},
    ],
)
def test_what_is_easily_confused_is_kept_apart(sent: Any) -> None:
    assert exact(there_and_back(sent)) == exact([sent])


@pytest.mark.parametrize("depth", [MAX_DEPTH - 2, MAX_DEPTH, MAX_DEPTH + 5, 150])
def test_deep_values_come_back_too(depth: int) -> None:
    lists: Any = 1
    dicts: Any = {"end": KNOWN_ID}
    for _ in range(depth):
        lists, dicts = [lists], {"in": dicts}
    assert exact(there_and_back([lists, dicts])) == exact([[lists, dicts]])


def test_a_type_that_json_does_not_know_is_refused_without_its_content() -> None:
    for strange in ({"a": b"Nordmann"}, [{1: "Nordmann"}], {"a": ("Nordmann",)}):
        with pytest.raises(TypeError) as raised:
            pack(strange, Tables())
        assert "Nordmann" not in str(raised.value)


def test_an_identifier_costs_sixteen_bytes_once_and_next_to_nothing_later() -> None:
    tables = Tables()
    ids = [identifier(number) for number in range(200)]
    first = pack(ids, tables)
    again = pack({"results": ids}, tables)
    assert 200 * 16 < len(first) < 200 * 16 + 30
    assert len(again) < 50


def test_both_sides_know_the_names_from_the_start() -> None:
    known = pack({name: None for name in NAMES[:30]}, Tables())
    strange = pack({f"x{name}": None for name in NAMES[:30]}, Tables())
    assert len(known) < len(strange) - 200
    assert len(set(NAMES)) == len(NAMES)
    for words in WORDS.values():
        assert len(set(words)) == len(words)


def test_the_names_of_protocol_two_never_change() -> None:
    """A changed table would be misread by every laptop in the field; names are not added here."""
    assert (len(NAMES), NAMES[0], NAMES[-1]) == (FROZEN_NAMES, "report", "drafts_kept")
    assert _fingerprint() == FROZEN_FINGERPRINT


def test_what_was_packed_by_the_first_version_is_still_read() -> None:
    assert unpack(bytes.fromhex(FROZEN_PACKED), Tables()) == FROZEN_VALUE


def test_too_much_to_be_read_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TooLargeError):
        pack("x" * 2000, Tables(), limit=1000)
    with pytest.raises(TooLargeError):
        pack([None] * 5_100_000, Tables())
    with pytest.raises(TooLargeError):
        pack(["the same long text"] * 5000, Tables(), limit=10_000)


@pytest.mark.parametrize(
    "heaviest",
    [
        [{}] * 330_000,
        [[]] * 330_000,
        [[{}] * 500] * 600,
        [None, *[[{}] * 500] * 600],
        {f"{number:x}": {} for number in range(90_000)},
        [0] * 500_000,
    ],
)
def test_no_body_of_allowed_size_makes_a_page_that_nobody_can_read(heaviest: Any) -> None:
    assert 700_000 < len(json.dumps(heaviest, separators=(",", ":"))) < MAX_BODY_BYTES
    records = [{"id": identifier(number), "body": {"strange": heaviest}} for number in range(3)]
    assert there_and_back({"records": records}) == [{"records": records}]


def test_more_bytes_than_allowed_are_not_read() -> None:
    with pytest.raises(TooLargeError):
        unpack(bytes(1001), Tables(), limit=1000)


def test_a_few_bytes_that_claim_millions_of_rows_take_no_memory() -> None:
    """Repeated values take no bytes, so the number of rows is bounded by itself."""
    honest = pack([[1, 1, 1, 1], ["aa", "aa", "aa", "aa"], [{"a": 1}, {"a": 1}]], Tables())
    tracemalloc.start()
    try:
        for place in range(len(honest)):
            for claim in (b"\xff\xff\xff\xff\x7f", b"\xff\xff\x7f", b"\xff" * 12):
                with contextlib.suppress(ProtocolError_, TooLargeError):
                    unpack(honest[:place] + claim + honest[place + 1 :], Tables(), limit=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def test_thousands_of_damaged_bodies_are_misunderstandings_and_nothing_worse() -> None:
    dice = random.Random(20261122)
    whole = pack(day(dice, 12), Tables())
    for _ in range(4000):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(damaged))
            match dice.randrange(4):
                case 0:
                    damaged[place] ^= 1 << dice.randrange(8)
                case 1:
                    damaged[place] = dice.randrange(256)
                case 2:
                    del damaged[place : place + dice.randint(1, 30)]
                case _:
                    damaged[place:place] = dice.randbytes(dice.randint(1, 5))
        with contextlib.suppress(ProtocolError_, TooLargeError):
            unpack(bytes(damaged), Tables(), limit=200_000)


def test_every_cut_is_noticed() -> None:
    whole = pack(day(random.Random(3), 4), Tables())
    for end in range(len(whole)):
        with pytest.raises(ProtocolError_):
            unpack(whole[:end], Tables())
    with pytest.raises(ProtocolError_):
        unpack(whole + b"\0", Tables())


def test_noise_is_no_message() -> None:
    dice = random.Random(5)
    for _ in range(3000):
        with pytest.raises(SyncError):
            unpack(dice.randbytes(dice.randrange(60)) + b"\x01x", Tables(), limit=100_000)


def test_damage_is_told_without_the_content() -> None:
    whole = pack({"text": "Ola Nordmann", "at": "2026-11-22T08:15:00.000Z"}, Tables())
    with pytest.raises(ProtocolError_) as raised:
        unpack(whole.replace(b"Nordmann", b"Nordman\xff"), Tables())
    assert raised.value.args == ("packing",)
    assert raised.value.__cause__ is None


def test_a_day_takes_less_than_half_of_its_json() -> None:
    sent = day(random.Random(1), 40)
    assert len(pack(sent, Tables())) < len(json.dumps(sent).encode()) / 2


def _fingerprint() -> str:
    return sha256(json.dumps([NAMES, WORDS]).encode()).hexdigest()[:16]


FROZEN_NAMES = 185
FROZEN_FINGERPRINT = "aeb388bf40bd3058"
FROZEN_VALUE = {
    "records": [
        {"kind": "note", "id": KNOWN_ID, "version": 7, "body": {"id": KNOWN_ID, "text": "Rolig."}},
        {"kind": "flag", "id": identifier(8), "version": 9, "body": {"day": "2026-11-22"}},
        {"kind": "note", "id": identifier(9), "version": 8, "body": {"id": None, "text": "Æ"}},
    ],
    "server_time": "2026-11-22T08:15:00.123Z",
    "strange": [1.5, [True, -3, 2**70]],
}
FROZEN_PACKED = (
    "6911300b010003068e01000a00060b02000454027269000214a6020004b00202726900018a0302000800001604"
    "02020002010e020c020004000000070800000604010004020012060000d6c402050000b69095a5c0680a00040c"
    "01060e030a00060c0302020100020200050900010000010400000000000000f83f00065eed0000000040008000"
    "0000000000075eed00000000400080000000000000095eed0000000040008000000000000008737472616e6765"
    "00526f6c69672e00c386003131383035393136323037313734313133303334323400"
)
