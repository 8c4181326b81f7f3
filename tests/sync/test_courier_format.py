"""The courier file's form: sealed for one server, signed by one laptop, named when it is spoilt."""

from __future__ import annotations

from datetime import UTC, datetime

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.protocol import courier
from sync.protocol.messages import (
    ExchangeRequest,
    LaptopReport,
    Outcome,
    PullPart,
    PushRecord,
)
from sync.protocol.version import MAX_PLAIN_BYTES

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SECRET_WORDS = "Fant pasienten hjemme, rolig."


def content(pull: PullPart | None = None) -> courier.CourierContent:
    record = PushRecord(
        change_id="c1",
        kind="note",
        id="notat-en",
        patient_id="patient-en",
        base_version=0,
        sequence=1,
        body={"id": "notat-en", "text": SECRET_WORDS},
    )
    report = LaptopReport(
        now=NOW, app_version="0.1.0", waiting=1, parked=0, conflicts=0, drafts_unsent=0
    )
    request = ExchangeRequest(report=report, records=[record], pull=pull)
    return courier.CourierContent(requests=[request])


class Pair:
    """A laptop's and a server's keys."""

    def __init__(self) -> None:
        self.server = X25519PrivateKey.generate()
        self.laptop = Ed25519PrivateKey.generate()

    def file(self, inside: courier.CourierContent | None = None) -> bytes:
        return courier.seal(
            inside or content(),
            server_id="s1",
            device_id="d1",
            sequence=7,
            written_at=NOW,
            server_key=self.server.public_key().public_bytes_raw(),
            device_key=self.laptop,
        )

    def read(self, data: bytes) -> courier.CourierContent:
        opened = courier.open_frame(data)
        courier.check_signature(opened, self.laptop.public_key().public_bytes_raw())
        return courier.unseal(opened, self.server)


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_what_is_sealed_comes_out_word_for_word(pair: Pair) -> None:
    data = pair.file()
    assert pair.read(data) == content()
    header = courier.open_frame(data).header
    assert (header.server_id, header.device_id, header.sequence) == ("s1", "d1", 7)


def test_nothing_of_a_patient_stands_in_the_file_in_clear(pair: Pair) -> None:
    data = pair.file()
    for word in (SECRET_WORDS, "patient-en", "notat-en", "note"):
        assert word.encode() not in courier.open_frame(data).header_bytes
        assert SECRET_WORDS.encode() not in data


def test_a_file_cut_short_anywhere_is_called_truncated(pair: Pair) -> None:
    data = pair.file()
    for length in range(len(data)):
        with pytest.raises(courier.CourierTruncatedError):
            pair.read(data[:length])


def test_one_changed_byte_anywhere_is_refused(pair: Pair) -> None:
    data = pair.file()
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        with pytest.raises(courier.CourierError):
            pair.read(bytes(spoilt))
    with pytest.raises(courier.CourierDamagedError):
        pair.read(data + b"\0")


def test_another_laptops_signature_is_refused_and_another_servers_key_opens_nothing(
    pair: Pair,
) -> None:
    opened = courier.open_frame(pair.file())
    with pytest.raises(courier.CourierSignatureError):
        courier.check_signature(opened, Pair().laptop.public_key().public_bytes_raw())
    with pytest.raises(courier.CourierKeyError):
        courier.unseal(opened, Pair().server)


def test_a_box_moved_under_another_header_does_not_open(pair: Pair) -> None:
    """The header is bound to what is inside, not only signed beside it."""
    first, second = courier.open_frame(pair.file()), courier.open_frame(pair.file())
    other = cbor2.loads(second.header_bytes)
    other["device_id"] = "d2"
    moved = courier.OpenedCourier(
        header=first.header,
        header_bytes=cbor2.dumps(other),
        box=first.box,
        signed=b"",
        signature=b"",
    )
    with pytest.raises(courier.CourierDamagedError):
        courier.unseal(moved, pair.server)


def test_a_later_form_is_told_from_a_damaged_file(pair: Pair) -> None:
    opened = courier.open_frame(pair.file())
    header = cbor2.loads(opened.header_bytes)
    header["version"] = 2
    later = cbor2.dumps(header, canonical=True)
    data = courier._frame(b"FIELDCF1", later, opened.box) + bytes(64)
    with pytest.raises(courier.CourierNewerError):
        courier.open_frame(data)


def test_a_file_that_asks_for_a_pull_is_refused(pair: Pair) -> None:
    data = pair.file(content(PullPart(cursor=None, page_records=1)))
    with pytest.raises(courier.CourierDamagedError):
        pair.read(data)


def test_a_file_that_is_too_large_is_neither_written_nor_read(pair: Pair) -> None:
    huge = (
        content()
        .requests[0]
        .records[0]
        .model_copy(update={"body": {"id": "notat-en", "text": "x" * (MAX_PLAIN_BYTES + 1)}})
    )
    request = content().requests[0].model_copy(update={"records": [huge]})
    with pytest.raises(courier.CourierTooLargeError):
        pair.file(courier.CourierContent(requests=[request]))
    with pytest.raises(courier.CourierTooLargeError):
        courier.open_frame(bytes(courier.MAX_COURIER_BYTES + 1))


def test_a_receipt_is_believed_from_our_server_alone() -> None:
    key = Ed25519PrivateKey.generate()
    receipt = courier.CourierReceipt(
        version=1,
        server_id="s1",
        device_id="d1",
        sequence=7,
        file_sha256="0" * 64,
        received_at=NOW,
        results=[
            courier.CourierResult(
                change_id="c1", kind="note", id="notat-en", outcome=Outcome.ACCEPTED, version=5
            )
        ],
    )
    data = courier.write_receipt(receipt, key)
    own = key.public_key().public_bytes_raw()
    assert courier.read_receipt(data, own) == receipt
    with pytest.raises(courier.CourierSignatureError):
        courier.read_receipt(data, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        with pytest.raises(courier.CourierError):
            courier.read_receipt(bytes(spoilt), own)
