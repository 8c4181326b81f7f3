"""The messages and their bodies."""

from __future__ import annotations

import pytest
import zstandard
from pydantic import ValidationError

from sync.protocol import codec
from sync.protocol.errors import (
    SENT_BY_SERVER,
    ProtocolError_,
    SyncError,
    TooLargeError,
)
from sync.protocol.messages import (
    ErrorAnswer,
    Outcome,
    PullRequest,
    PushRecord,
    PushRequest,
    PushResult,
)
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
    assert families == {error.code for error in SyncError.__subclasses__()}
    assert len({error.code for error in _all_errors()}) == len(_all_errors())


def test_an_error_answer_needs_no_detail() -> None:
    assert codec.decode(ErrorAnswer, b'{"code": "revoked"}', None).detail == ""


def _all_errors() -> list[type[SyncError]]:
    direct = SyncError.__subclasses__()
    return direct + [error for parent in direct for error in parent.__subclasses__()]
