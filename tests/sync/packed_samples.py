"""Made-up messages for the tests of packing."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

WORDS = "rolig hjemme frokost avtale bussen medisin søvn turen vedtak samtale i går ute".split()  # noqa: SIM905


def identifier(number: int) -> str:
    """A made-up identifier in the usual form."""
    return str(uuid.UUID(int=0x5EED_0000_0000_4000_8000_0000_0000_0000 + number))


def day(dice: Random, count: int) -> dict[str, Any]:
    """A request as of a day's work: `count` records of three kinds."""
    patients = [identifier(dice.getrandbits(60)) for _ in range(5)]
    return {
        "report": {"now": "2026-11-22T15:00:00.000Z", "waiting": count},
        "records": [_record(dice, number, patients) for number in range(count)],
        "pull": {"cursor": None, "page_records": 500, "have": [[3, 9], [12, 12]]},
    }


def _record(dice: Random, number: int, patients: list[str]) -> dict[str, Any]:
    record_id = identifier(dice.getrandbits(62))
    patient = dice.choice(patients)
    at = datetime(2026, 11, 22, 7, tzinfo=UTC) + timedelta(milliseconds=61_234 * number)
    body: dict[str, Any] = {
        "id": record_id,
        "patient_id": patient,
        "recorded_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "author_id": patients[0],
    }
    kind = dice.choice(["note", "flag", "rapid_test"])
    if kind == "note":
        body["text"] = " ".join(dice.choices(WORDS, k=40))
    elif kind == "flag":
        body |= {"confirmed_on": "2026-11-22", "state": "present", "text": dice.choice(WORDS)}
    else:
        body |= {"readings": [{"analyte": word, "result": dice.random()} for word in WORDS[:3]]}
    return {
        "change_id": record_id,
        "kind": kind,
        "id": record_id,
        "patient_id": patient,
        "base_version": 0,
        "sequence": 100 + number,
        "body": body,
        "offset_ms": None,
    }
