"""A team's patient list from a CSV file: looked at first, then taken in whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.collation import fold
from fieldapp.domain.csv_import import (
    Field,
    Mapping,
    PatientDraft,
    Preview,
    RowError,
    Table,
    decode,
    guess_mapping,
    read_table,
)
from fieldapp.domain.csv_import import preview as read_rows
from fieldapp.domain.identifiers import DEMO, PRODUCTION, AllowedSeries
from fieldapp.domain.patients import Flag, FlagCategory, FlagState, Level, Patient
from fieldapp.domain.rights import Right
from fieldapp.errors import UserError
from fieldapp.services import setup
from fieldapp.services.rights import needs
from fieldapp.services.session import Session
from fieldapp.store import patients as store

ALREADY_KNOWN = "already_known"
"""Code of a RowError: a patient with this number, or name and birth date, is on this laptop."""


class ImportRefusedError(UserError):
    """The list has errors, or the store changed since it was looked at; nothing was taken in."""

    code = "import_refused"


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would do. ``errors`` are the file's own and clashes with the store."""

    table: Table = field(repr=False)
    mapping: Mapping
    encoding: str
    rows: tuple[PatientDraft, ...] = field(repr=False)
    errors: tuple[RowError, ...] = field(repr=False)
    row_count: int

    @property
    def can_be_imported(self) -> bool:
        """True when every row can be taken in."""
        return bool(self.rows) and not self.errors


@needs(Right.REGISTER_PATIENTS)
def preview(session: Session, data: bytes, mapping: Mapping | None = None) -> ImportPreview:
    """Read a file; nothing is written. Without ``mapping`` the columns are guessed.

    Raises FileError for a file that is no table, and MappingError for a choice of columns that
    cannot make patients. With guessed columns a MappingError means that the person must choose;
    ``columns`` gives the table to choose from.
    """
    table, encoding = columns(data)
    chosen = mapping or guess_mapping(table.headings)
    allow = _allowed_series(session)
    found: Preview = read_rows(table, chosen, on=session.today(), allow=allow)
    known = _already_known(session, table, chosen, found.rows)
    errors = sorted((*found.errors, *known), key=lambda error: error.row_number)
    return ImportPreview(table, chosen, encoding, found.rows, tuple(errors), found.row_count)


def columns(data: bytes) -> tuple[Table, str]:
    """The table in a file and the name of its encoding. Raises FileError."""
    text, encoding = decode(data)
    return read_table(text), encoding


@needs(Right.REGISTER_PATIENTS)
def commit(
    session: Session,
    looked_at: ImportPreview,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ChangeSet:
    """Take in every row, or none. Slow for long lists: run it beside the screen.

    Raises ImportRefusedError; nothing is written then.
    """
    if not looked_at.can_be_imported:
        raise ImportRefusedError(len(looked_at.errors))
    total = len(looked_at.rows)
    with session.write() as unit:
        clashes = _already_known(session, looked_at.table, looked_at.mapping, looked_at.rows)
        if clashes:
            raise ImportRefusedError(len(clashes))
        unit.audit("import", "patient")
        for number, row in enumerate(looked_at.rows, start=1):
            patient = _patient(session, row)
            unit.save(patient, "import")
            if row.legal_basis:
                unit.save(_legal_basis(session, patient, row), "import")
            on_progress(number, total)
    session.settle()
    return unit.changes()


def _allowed_series(session: Session) -> AllowedSeries:
    synthetic = setup.takes_synthetic_numbers(session.database)
    return PRODUCTION | DEMO if synthetic else PRODUCTION


def _already_known(
    session: Session, table: Table, mapping: Mapping, rows: tuple[PatientDraft, ...]
) -> list[RowError]:
    """The rows whose patient is here: the same number, or without one the same name and day."""
    numbers = [row.national_id for row in rows if row.national_id is not None]
    known_numbers = store.with_national_ids(session.database, numbers)
    known_people: set[tuple[str, str, date]] = set()
    if any(row.national_id is None for row in rows):
        known_people = {
            (fold(patient.family_name), fold(patient.given_name), patient.birth_date)
            for patient in store.active(session.database)
            if patient.birth_date is not None
        }
    found = []
    for row in rows:
        person = (fold(row.family_name), fold(row.given_name), row.birth_date)
        if row.national_id in known_numbers or (row.national_id is None and person in known_people):
            at = Field.BIRTH_DATE if row.national_id is None else Field.NATIONAL_ID
            position = mapping.column(at)
            heading = "" if position is None else table.headings[position]
            found.append(RowError(row.row_number, heading, ALREADY_KNOWN))
    return found


def _patient(session: Session, row: PatientDraft) -> Patient:
    return Patient(
        id=session.new_id(),
        family_name=row.family_name,
        given_name=row.given_name,
        national_id=row.national_id,
        birth_date=row.birth_date,
        sex=row.sex,
        level=row.level or Level.CASE_MANAGEMENT,
        address=row.address,
        postal_code=row.postal_code,
        city=row.city,
        phone=row.phone,
        gp_name=row.gp_name,
    )


def _legal_basis(session: Session, patient: Patient, row: PatientDraft) -> Flag:
    return Flag(
        id=session.new_id(),
        patient_id=patient.id,
        category=FlagCategory.LEGAL_BASIS,
        state=FlagState.PRESENT,
        text=row.legal_basis,
        confirmed_on=session.today(),
        confirmed_by=session.user.id,
    )
