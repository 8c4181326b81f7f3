"""The messages and their bodies."""

from __future__ import annotations

import contextlib
import io
import random

import pytest
import zstandard
from pydantic import ValidationError

from fieldapp.clock import from_iso
from sync.protocol import codec
from sync.protocol.errors import (
    SENT_BY_SERVER,
    LineBrokenError,
    ProtocolError_,
    SyncError,
    TooLargeError,
)
from sync.protocol.messages import (
    DraftOut,
    ErrorAnswer,
    ExchangeRequest,
    LaptopReport,
    LogHead,
    LogLine,
    LogPart,
    Outcome,
    Page,
    PulledRecord,
    PullPart,
    PullRequest,
    PushRecord,
    PushRequest,
    PushResult,
    Receipt,
    Rules,
)
from sync.protocol.packing import Tables
from sync.protocol.version import MAX_RECORDS


def record(**changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "change_id": "c1",
        "kind": "note",
        "id": "n1",
        "patient_id": "p1",
        "base_version": 0,
        "sequence": 1,
        "body": {"text": "æøå" * 200, "unknown": {"deep": [1, None, True]}},
    }
    return {**values, **changes}


@pytest.mark.parametrize("compress", [True, False])
def test_a_message_survives_the_line_word_for_word(compress: bool) -> None:
    sent = PushRequest(records=[PushRecord.model_validate(record())])
    body, encoding = codec.encode(sent, compress=compress)
    assert (encoding == "zstd") is compress
    assert codec.decode(PushRequest, body, encoding) == sent


def test_a_short_message_is_not_compressed() -> None:
    assert codec.encode(PullRequest(cursor=None, limit=1))[1] is None


def test_a_body_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\0" * 10_000_000)
    assert len(bomb) < 2000
    with pytest.raises(TooLargeError):
        codec.unpack(bomb, "zstd", limit=1_000_000)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"\x28\xb5", "zstd"), (b"nonsense", "zstd"), (b"{}", "br"), (b"[]", None), (b"\xff", None)],
)
def test_a_damaged_body_is_a_misunderstanding_and_nothing_worse(
    body: bytes, encoding: str | None
) -> None:
    with pytest.raises(ProtocolError_):
        codec.decode(PullRequest, body, encoding)


def test_a_truncated_body_is_refused() -> None:
    sent = PushRequest(records=[PushRecord.model_validate(record())])
    body, encoding = codec.encode(sent)
    with pytest.raises(ProtocolError_):
        codec.decode(PushRequest, body[: len(body) // 2], encoding)


def test_a_misunderstanding_names_the_field_and_never_its_content() -> None:
    with pytest.raises(ProtocolError_) as raised:
        codec.decode(PullRequest, b'{"cursor": 7, "limit": "Nordmann"}', None)
    assert "cursor" in str(raised.value)
    assert "Nordmann" not in str(raised.value)


@pytest.mark.parametrize(
    "changes", [{"base_version": -1}, {"base_version": "1"}, {"id": ""}, {"body": "text"}]
)
def test_types_are_strict(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PushRecord.model_validate(record(**changes))


def test_more_records_than_allowed_are_refused() -> None:
    records = [PushRecord.model_validate(record())] * (MAX_RECORDS + 1)
    with pytest.raises(ValidationError):
        PushRequest(records=records)


def test_fields_of_a_newer_version_in_the_envelope_are_ignored() -> None:
    answer = codec.decode(
        PushResult, b'{"change_id": "c", "outcome": "merged", "version": 3, "mood": "good"}', None
    )
    assert answer.outcome is Outcome.MERGED
    assert answer.outcome.stored


def test_every_error_that_travels_has_a_code_of_its_own_and_a_status() -> None:
    for code, error in SENT_BY_SERVER.items():
        assert error.code == code
        assert 400 <= error.status < 600
    families = {error.family for error in _all_errors()}
    assert families == {error.code for error in _all_errors() if SyncError in error.__bases__}
    assert len({error.code for error in _all_errors()}) == len(_all_errors())


def test_an_error_answer_needs_no_detail() -> None:
    assert codec.decode(ErrorAnswer, b'{"code": "revoked"}', None).detail == ""


def _all_errors() -> list[type[SyncError]]:
    direct = SyncError.__subclasses__()
    found = direct + [error for parent in direct for error in parent.__subclasses__()]
    # Other tests may have made some of their own.
    return [error for error in found if error.__module__ == SyncError.__module__]


# --- packed messages of the exchange

NOW = from_iso("2026-11-22T08:15:00.123Z")
REPORT = LaptopReport(
    now=NOW, app_version="0.1.0", waiting=1, parked=0, conflicts=0, drafts_unsent=0
)


def exchange_request() -> ExchangeRequest:
    """A request that uses every part."""
    return ExchangeRequest(
        report=REPORT,
        records=[PushRecord.model_validate(record(offset_ms=-7))],
        drafts=[DraftOut(id="d1", patient_id="p1", form="note", body={"a": 1.5}, saved_at="x")],
        dropped_drafts=["d0"],
        log=LogPart(after="ab", lines=[LogLine(sequence=1, at="x", actor_id="u1", action="open")]),
        pull=PullPart(cursor=None, page_records=9, have=[(1, 4), (7, 7)], whole=["p1"]),
    )


def receipt() -> Receipt:
    return Receipt(
        server_time=NOW,
        results=[PushResult(change_id="c1", outcome=Outcome.MERGED, server_body={"a": [None]})],
        log_head=LogHead(sequence=1, hash="cd"),
        epoch=0,
        rules=Rules(mark="m"),
    )


def page(number: int, *, complete: bool = False) -> Page:
    pulled = PulledRecord(
        kind="note",
        id=f"n{number}",
        patient_id=None,
        version=number,
        body={"text": "æøå", "unknown": {"deep": [1, None, True]}},
        received_at=NOW,
    )
    return Page(records=[pulled] * 3, cursor="1.2", complete=complete, total=number)


def test_a_packed_message_survives_the_line_word_for_word() -> None:
    for message in (exchange_request(), receipt(), page(3)):
        body = codec.encode_packed(message, Tables())
        assert codec.decode_packed(type(message), body, Tables()) == message


def test_an_answer_in_parts_is_read_as_it_comes() -> None:
    writer = codec.AnswerWriter(Tables())
    parts = [writer.receipt(receipt()), writer.page(page(1)), writer.page(page(2, complete=True))]
    came = _Drops(b"".join(parts))
    reader = codec.AnswerReader(came, Tables())
    assert reader.receipt() == receipt()
    assert came.given <= len(parts[0]) + 1
    assert reader.page() == page(1)
    assert came.given <= len(parts[0]) + len(parts[1]) + 1
    assert reader.page() == page(2, complete=True)
    with pytest.raises(LineBrokenError):
        reader.page()


def test_an_answer_written_in_a_hurry_says_the_same() -> None:
    pages = [page(1), page(2, complete=True)]
    for sent in (pages, pages[1:]):
        writer = codec.AnswerWriter(Tables(), hurried=lambda: True)
        whole = writer.receipt(receipt()) + b"".join(writer.page(one) for one in sent)
        reader = codec.AnswerReader(io.BytesIO(whole), Tables())
        assert reader.receipt() == receipt()
        assert [reader.page() for _ in sent] == sent


def test_an_answer_cut_anywhere_is_a_broken_line() -> None:
    writer = codec.AnswerWriter(Tables())
    whole = writer.receipt(receipt()) + writer.page(page(1)) + writer.page(page(2, complete=True))
    for end in range(len(whole) - 1):
        reader = codec.AnswerReader(io.BytesIO(whole[:end]), Tables())
        with pytest.raises(LineBrokenError):
            _read_to_the_end(reader)


def test_thousands_of_damaged_answers_are_errors_of_ours() -> None:
    dice = random.Random(20261122)
    writer = codec.AnswerWriter(Tables())
    whole = writer.receipt(receipt()) + writer.page(page(1)) + writer.page(page(2, complete=True))
    request = codec.encode_packed(exchange_request(), Tables())
    for _ in range(3000):
        reader = codec.AnswerReader(io.BytesIO(_damaged(whole, dice)), Tables(), limit=100_000)
        with contextlib.suppress(SyncError):
            _read_to_the_end(reader)
        with contextlib.suppress(SyncError):
            codec.decode_packed(ExchangeRequest, _damaged(request, dice), Tables(), limit=100_000)


@pytest.mark.parametrize("size", [200_000, 4_000_000_000])
def test_an_answer_that_claims_or_unpacks_to_too_much_is_stopped(size: int) -> None:
    bomb = zstandard.compress(size.to_bytes(4, "big") + bytes(50_000_000))
    came = _Drops(bomb)
    with pytest.raises(TooLargeError):
        codec.AnswerReader(came, Tables(), limit=100_000).receipt()


def test_a_packed_misunderstanding_names_the_field_and_never_its_content() -> None:
    wrong = PushRecord.model_construct(change_id=7, body={"Nordmann": "Ola"}, kind="Ola Nordmann")
    body = codec.encode_packed(
        ExchangeRequest.model_construct(report=REPORT, records=[wrong]), Tables()
    )
    with pytest.raises(ProtocolError_) as raised:
        codec.decode_packed(ExchangeRequest, body, Tables())
    assert "records.0.change_id" in str(raised.value)
    assert "Nordmann" not in str(raised.value)


def _read_to_the_end(reader: codec.AnswerReader) -> None:
    reader.receipt()
    while not reader.page().complete:
        pass


def _damaged(whole: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(whole)
    for _ in range(dice.randint(1, 3)):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


class _Drops:
    """A line that gives one byte at a time and counts them."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._data.read(1 if size else 0)
        self.given += len(piece)
        return piece
