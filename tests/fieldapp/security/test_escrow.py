"""Escrow: any two officers open, one does not, and neither file opens anything for anybody else."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import pytest

from fieldapp.security import escrow
from fieldapp.security.errors import (
    EscrowAnswerDamagedError,
    EscrowFileError,
    EscrowKeyMalformedError,
    EscrowOtherKeyError,
    EscrowOtherRequestError,
    EscrowOtherStoreError,
    ShareMalformedError,
    ShareOtherKeyError,
    SharesDoNotMatchError,
)
from fieldapp.security.escrow import EscrowKey, EscrowRequest

ROOT = bytearray(range(32))


def _asked(public: EscrowKey) -> tuple[EscrowRequest, escrow.ReplyKey]:
    sealed = escrow.seal_root(ROOT, public, b"meaning")
    return escrow.new_request("store-1", "kari", "2026-11-22", public.key_id, b"meaning", sealed)


@pytest.mark.parametrize("officers", [2, 3, 5])
def test_any_two_officers_have_the_key_and_each_part_alone_is_random(officers: int) -> None:
    private, public = escrow.new_private_key()
    held = escrow.split(private, public, officers)
    for one, two in itertools.permutations(range(officers), 2):
        mine = next(share for share in held[one] if share.other == two + 1)
        theirs = next(share for share in held[two] if share.other == one + 1)
        assert escrow.join(mine, theirs) == (private, public)
    parts = [share.part for shares in held for share in shares]
    assert len(set(parts)) == len(parts)
    assert bytes(private) not in parts


def test_a_share_survives_paper_and_names_the_line_that_was_mistyped() -> None:
    private, public = escrow.new_private_key()
    share = escrow.split(private, public, 2)[0][0]
    lines = escrow.share_lines(share)
    assert escrow.parse_share([line.lower().replace(" ", "-") for line in lines]) == share
    for number, line in enumerate(lines, 1):
        slip = ("A" if line[2] != "A" else "B").join((line[:2], line[3:]))
        with pytest.raises(ShareMalformedError) as refusal:
            escrow.parse_share([*lines[: number - 1], slip, *lines[number:]])
        assert refusal.value.line == number
    with pytest.raises(ShareMalformedError):
        escrow.parse_share([lines[1], lines[0], *lines[2:]])
    with pytest.raises(ShareMalformedError):
        escrow.parse_share(lines[:2])


def test_one_paper_twice_or_papers_of_two_keys_open_nothing() -> None:
    private, public = escrow.new_private_key()
    held = escrow.split(private, public, 3)
    with pytest.raises(SharesDoNotMatchError):
        escrow.join(held[0][0], held[0][0])
    with pytest.raises(SharesDoNotMatchError):
        escrow.join(held[0][0], held[2][0])
    changed = dataclasses.replace(held[1][0], part=bytes(32))
    with pytest.raises(SharesDoNotMatchError):
        escrow.join(held[0][0], changed)
    other_private, other_public = escrow.new_private_key()
    with pytest.raises(ShareOtherKeyError):
        escrow.join(held[0][0], escrow.split(other_private, other_public, 2)[1][0])


def test_the_answer_opens_on_the_laptop_that_asked_and_nowhere_else() -> None:
    private, public = escrow.new_private_key()
    request, key = _asked(public)
    _, older_key = _asked(public)
    answer = escrow.answer(EscrowRequest.from_bytes(request.to_bytes()), private, public)
    assert escrow.open_answer(answer, "store-1", key) == ROOT
    with pytest.raises(EscrowOtherRequestError):
        escrow.open_answer(answer, "store-1", older_key)
    with pytest.raises(EscrowOtherStoreError):
        escrow.open_answer(answer, "store-2", key)
    stolen = dataclasses.replace(older_key, request=key.request)
    with pytest.raises(EscrowAnswerDamagedError):
        escrow.open_answer(answer, "store-1", stolen)


def test_neither_file_holds_the_root_key_or_a_private_half() -> None:
    private, public = escrow.new_private_key()
    request, key = _asked(public)
    answer = escrow.answer(request, private, public)
    for data in (request.to_bytes(), answer):
        for secret in (bytes(ROOT), bytes(private), key.private):
            assert secret.hex().encode() not in data
            assert secret not in data
            assert escrow._to_base64(secret).encode() not in data


@pytest.mark.parametrize("field", ["store_id", "meaning", "sealed", "reply_to"])
def test_an_altered_request_is_refused_or_shows_another_control_code(field: str) -> None:
    private, public = escrow.new_private_key()
    request, key = _asked(public)
    other, _ = _asked(public)
    changes: dict[str, Any] = {"store_id": "another", "meaning": "another"}
    value = changes.get(field) or getattr(other, field)
    altered = dataclasses.replace(request, **{field: value})
    assert altered.code != request.code
    try:
        answer = escrow.answer(altered, private, public)
    except EscrowFileError:
        return
    with pytest.raises((EscrowOtherRequestError, EscrowOtherStoreError)):
        escrow.open_answer(answer, "store-1", key)


def test_a_slot_says_what_it_opens_and_answers_for_nothing_else() -> None:
    private, public = escrow.new_private_key()
    request, _ = _asked(public)
    with pytest.raises(EscrowFileError):
        escrow.answer(dataclasses.replace(request, meaning="another store"), private, public)


def test_papers_of_another_key_do_not_answer() -> None:
    request, _ = _asked(escrow.new_private_key()[1])
    with pytest.raises(EscrowOtherKeyError):
        escrow.answer(request, *escrow.new_private_key())


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff\xfe", b"x" * 70_000, b'{"format":"hv-escrow-answer"}', b"[" * 9000],
)
def test_a_wrong_file_is_told_as_such(data: bytes) -> None:
    with pytest.raises(EscrowFileError):
        EscrowRequest.from_bytes(data)
    key = _asked(escrow.new_private_key()[1])[1]
    with pytest.raises(EscrowFileError):
        escrow.open_answer(data, "store-1", key)


def test_every_altered_byte_of_an_answer_is_refused() -> None:
    private, public = escrow.new_private_key()
    request, key = _asked(public)
    good = json.loads(escrow.answer(request, private, public))
    sealed = bytearray(escrow._from_base64(good["sealed"]))
    for place in range(len(sealed)):
        spoilt = bytearray(sealed)
        spoilt[place] ^= 1
        document = {**good, "sealed": escrow._to_base64(bytes(spoilt))}
        with pytest.raises(EscrowAnswerDamagedError):
            escrow.open_answer(json.dumps(document).encode(), "store-1", key)


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 32, "01" + "00" * 31])
def test_a_public_half_that_would_seal_nothing_is_refused(text: str) -> None:
    with pytest.raises(EscrowKeyMalformedError):
        EscrowKey.from_hex(text)
