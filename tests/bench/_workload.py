"""The records of `../shared/bench` as records of this program's own kinds.

The generator's person, visit, handout, screening and test become a patient, a note, a handout, a
screening response and a rapid test. What one of our kinds has a field for goes there; everything
else stays as a field of its own in the body, which the program keeps word for word. So no part of
the workload is lost, one of its records is one of ours, and each is a body that `KINDS` accepts.

A record here is one flat JSON object: the body and, as `type`, the name of its kind. The peers get
these objects, and the bound is worked out from them.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
import zstandard

from fieldapp.domain.codec import from_body, to_body
from fieldapp.domain.kinds import KINDS, Policy, policy_of
from tests.bench._team import laptop_records

Record = dict[str, Any]

_UUID = re.compile(r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$")
_ORDERS = uuid.UUID("5f1d7a52-3c0e-4f6b-9a51-0d6f5a1c7e10")
_SUBSTANCES = ("amp", "met", "coc", "thc", "bzo", "opi", "bup", "mtd")
_NEW, _EDITED = 33, 5
"""Changes of a day: new records, and patients in a whole new version."""

_PARTS = ((11, "morning"), (14, "noon"), (18, "evening"), (24, "night"))


@dataclass(frozen=True, slots=True)
class Workload:
    """`first`: all that a case manager's laptop fetches at first. `day`: its field day's changes,
    33 new records and 5 patients of `first` in a whole new version. `plain_*` as generated."""

    first: list[Record]
    day: list[Record]
    plain_first: list[Record]
    plain_day: list[Record]

    @property
    def author_id(self) -> str:
        """The case manager whose day it is."""
        return next(str(record["author_id"]) for record in self.day if "author_id" in record)

    @property
    def staff(self) -> list[str]:
        """Ids of everybody who wrote something."""
        return sorted({str(record["updated_by"]) for record in (*self.first, *self.day)})


def load(folder: Path) -> Workload:
    """Read `first.jsonl` and `day.jsonl` as the generator wrote them, and map both."""
    plain_first, plain_day = (lines(folder / f"{name}.jsonl") for name in ("first", "day"))
    mapped = _Mapping()
    return Workload(
        [mapped.record(record) for record in plain_first],
        [mapped.record(record) for record in plain_day],
        plain_first,
        plain_day,
    )


def lines(path: Path) -> list[Record]:
    """The records of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def as_lines(records: Iterable[Record]) -> str:
    """The text of a file that `lines` reads."""
    return "".join(f"{compact(record)}\n" for record in records)


def compact(value: object) -> str:
    """JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bound(records: Iterable[Record]) -> int:
    """B: the records as CBOR, UUIDs as 16 bytes, in one zstd -19 stream. Bytes."""
    plain = b"".join(cbor2.dumps({k: _short(v) for k, v in r.items()}) for r in records)
    return len(zstandard.ZstdCompressor(level=19).compress(plain))


def body_of(record: Record) -> Record:
    """The body alone."""
    return {name: value for name, value in record.items() if name != "type"}


def patient_of(record: Record) -> str:
    """The patient to whom a record belongs."""
    return str(record["id"] if record["type"] == "patient" else record["patient_id"])


def columns(records: Iterable[Record]) -> dict[str, list[str]]:
    """The names of all fields by type, in the order in which they first come."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        found.setdefault(record["type"], {}).update(dict.fromkeys(record))
    return {name: list(fields) for name, fields in found.items()}


def _short(value: Any) -> Any:
    return uuid.UUID(value).bytes if isinstance(value, str) and _UUID.match(value) else value


class _Mapping:
    """Maps record after record; counts what our events number and the generator does not."""

    def __init__(self) -> None:
        self._sequence: Counter[str] = Counter()
        self._slots: Counter[tuple[str, str, str]] = Counter()
        self._makers: dict[str, tuple[str, Callable[[Record], tuple[Record, Record]]]] = {
            "patient": ("patient", self._patient),
            "visit": ("note", self._note),
            "handout": ("medication_administration", self._handout),
            "screening": ("screening_response", self._screening),
            "toxtest": ("rapid_test", self._test),
        }

    def record(self, plain: Record) -> Record:
        """One record. Raises BodyError for one that the program would not take."""
        left = {name: _without_fractions(value) for name, value in plain.items()}
        kind, make = self._makers[left.pop("type")]
        own, extra = make(left)
        # As the program writes it: every field of the kind, then what the kind does not know.
        body = {**to_body(from_body(KINDS[kind].value_type, own)), **extra}
        KINDS[kind].check(body["id"], patient_of({"type": kind, **body}), body)
        return {"type": kind, **body}

    def _patient(self, left: Record) -> tuple[Record, Record]:
        sex = {"F": "female", "M": "male"}[left.pop("sex")]
        own = {
            **_renamed(left, id="id", national_id="national_id", given_name="given_name"),
            **_renamed(left, family_name="family_name", birth_date="birth_date"),
            **_renamed(left, phone_primary="phone", address_line="address"),
            **_renamed(left, postal_code="postal_code", postal_town="city", gp_name="gp_name"),
            "sex": sex,
            # The board's colour says more than our two levels; it stays in the body too.
            "level": "act" if left["fact_board"] == "rød" else "case_management",
            "practical": [left.pop("access_note")],
        }
        return own, left

    def _note(self, left: Record) -> tuple[Record, Record]:
        signed_at = left.pop("updated_at")
        own = {
            **self._event(left),
            **_renamed(left, note="text"),
            "template": "visit",
            "signed_at": signed_at,
        }
        return own, left

    def _handout(self, left: Record) -> tuple[Record, Record]:
        given_at = left.pop("given_at")
        withheld, intoxicated = left.pop("withheld"), left.pop("intoxicated")
        dose = str(left.pop("dose_mg"))
        day, hour = given_at[:10], int(given_at[11:13])
        part = next(name for until, name in _PARTS if hour < until)
        slot = (left["patient_id"], day, part)
        # The generator hands out by chance. A second dose in a slot would be a double handout,
        # which the server marks with a record that the workload does not have: it is another
        # order's dose.
        order, self._slots[slot] = self._slots[slot], self._slots[slot] + 1
        own = {
            **self._event(left),
            "request_id": str(uuid.uuid5(_ORDERS, f"{slot[0]} {order}")),
            "request_revision": 1,
            "day": day,
            "part": part,
            "status": "withheld" if withheld else "given",
            "given_at": given_at,
            "dose_mg": None if withheld else dose,
            # Nobody claims these days: the laptop's store takes them as what has already happened.
            "retrospective": not withheld,
            "witnessed": left["witness_id"] is not None,
            "identity_check": "known",
            "observed_state": "intoxicated" if intoxicated else "unaffected",
        }
        return own, {**left, **({"planned_dose_mg": dose} if withheld else {})}

    def _screening(self, left: Record) -> tuple[Record, Record]:
        items = [name for name in left if re.fullmatch(r"q\d\d", name)]
        instrument = left.pop("instrument").lower()
        total, band = left.pop("total"), left.pop("zone")
        own = {
            **self._event(left),
            "instrument": instrument,
            **_renamed(left, version="instrument_version", performed_at="authored_at"),
            "language": "nb",
            "scoring_hash": hashlib.sha256(instrument.encode()).hexdigest(),
            "answers": {name: left.pop(name) for name in items},
            "total": total,
            "lowest": total,
            "highest": total,
            "band": band,
        }
        return own, left

    def _test(self, left: Record) -> tuple[Record, Record]:
        own = {
            **self._event(left),
            "panel": "panel-8",
            "panel_version": "1",
            **_renamed(left, sample="specimen", observed="supervised"),
            **_renamed(left, taken_at="taken_at", kit_lot="lot"),
            "reason": "routine",
            "reason_text": "",
            "readings": [
                {
                    "analyte": name,
                    "cutoff": "300",
                    "unit": "ng/ml",
                    "result": "positive" if left.pop(name) else "negative",
                    "expected": False,
                }
                for name in _SUBSTANCES
            ],
            "comment": left.pop("comment") or "",
        }
        return own, left

    def _event(self, left: Record) -> Record:
        """What all our events have. `sequence` is the device's own number, as a laptop gives it."""
        own = _renamed(left, id="id", patient_id="patient_id", staff_id="author_id")
        own |= _renamed(left, created_at="recorded_at", device_id="device_id")
        self._sequence[own["device_id"]] += 1
        return {**own, "sequence": self._sequence[own["device_id"]]}


def _renamed(left: Record, **names: str) -> Record:
    """Take these fields out of `left`, under their new names."""
    return {new: left.pop(old) for old, new in names.items()}


def _without_fractions(value: Any) -> Any:
    """Our bodies know whole numbers and text alone, so that no figure is ever rounded."""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, list):
        return [_without_fractions(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _without_fractions(item) for name, item in value.items()}
    return value


def made_here() -> Workload:
    """The demo's team instead, where `../shared/bench` is missing: as many changes, other text.

    The figures are then comparable with one another, not with those of the peers.
    """
    print("workload: made of the demo's team, because ../shared/bench is missing", flush=True)
    user, incoming = laptop_records()
    everything = [{"type": one.kind, **one.body} for one in incoming if one.patient_id]
    own = [record for record in everything if record.get("author_id") == user.id]
    events = [record for record in own if policy_of(record["type"]) is Policy.EVENT]
    new = events[-_NEW:]
    taken = {record["id"] for record in new}
    first = [
        {"updated_by": user.id, **record}
        for record in everything
        if record["id"] not in taken and policy_of(record["type"]) is not Policy.SERVER
    ]
    patients = [record for record in first if record["type"] == "patient"][:_EDITED]
    day = [{"updated_by": user.id, **_without_claim(record)} for record in new]
    day += [{**record, "phone": "+47 400 00 000"} for record in patients]
    return Workload(first, day, first, day)


def _without_claim(record: Record) -> Record:
    """A dose of a day that nobody claims, as what has already happened."""
    return {**record, "retrospective": True} if record.get("status") == "given" else record
