"""A courier file's receipt in words and figures. Pure, but for the path of the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.client.office_messages import (
    MAX_COURIER_BYTES,
    RECEIPT_SUFFIX,
    CourierReceipt,
    Outcome,
    look_into_receipt,
)
from ui.office.reasons import stopped_text
from ui.office.state import CourierCounts

LARGEST_FILE = MAX_COURIER_BYTES


@dataclass(frozen=True, slots=True)
class Received:
    """`reviewed` are kind and sentence of each change that waits for a person at the office;
    `whole_review` says that all of the file does: its laptop has been shut out."""

    counts: CourierCounts
    reviewed: tuple[tuple[str, str], ...]
    whole_review: bool


def received(data: bytes) -> Received:
    """Read the receipt that has just come from the server. Raises SyncError for a damaged one."""
    return summed(look_into_receipt(data))


def summed(receipt: CourierReceipt) -> Received:
    """Count what became of the changes."""
    stored = [one for one in receipt.results if one.outcome.stored]
    known = [one for one in stored if one.outcome is Outcome.REPEATED]
    waiting = [one for one in receipt.results if not one.outcome.stored]
    return Received(
        CourierCounts(len(stored) - len(known), len(known), len(waiting)),
        tuple((one.kind, stopped_text(one.reason or "")) for one in waiting),
        receipt.review,
    )


def receipt_path(file: Path) -> Path:
    """Where the receipt is put: beside the file, with its name."""
    return file.with_suffix(RECEIPT_SUFFIX)
