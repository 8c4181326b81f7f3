"""A patient list is taken in whole or not at all."""

from __future__ import annotations

from datetime import date
from itertools import islice

import pytest

from fieldapp.domain.csv_import import FileError, MappingError
from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.patients import FlagCategory, Patient
from fieldapp.services import imports, patients, setup
from fieldapp.services.imports import ALREADY_KNOWN, ImportRefusedError
from fieldapp.services.session import Session
from fieldapp.store import outbox, records
from fieldapp.store.db import IntegrityError
from tests.helpers.builders import patient, receive

HEADING = "Etternavn;Fornavn;Fødselsnummer;Fødselsdato;Adresse;Lovgrunnlag"
BORN = date(1975, 5, 17)


@pytest.fixture(autouse=True)
def _synthetic(session: Session) -> None:
    setup.allow_synthetic_numbers(session.database)


def _file(*rows: str, encoding: str = "utf-8") -> bytes:
    return ("\r\n".join((HEADING, *rows)) + "\r\n").encode(encoding)


def _rows(count: int) -> list[str]:
    return [
        f"Ås{position};Kari;{number};17.05.1975;Storgata {position};"
        for position, number in enumerate(islice(synthetic_numbers(BORN), count))
    ]


def test_a_list_is_looked_at_and_taken_in(session: Session) -> None:
    rows = _rows(20)
    rows[3] += "TUD"
    looked_at = imports.preview(session, _file(*rows, encoding="cp1252"))
    assert looked_at.can_be_imported
    assert looked_at.encoding == "windows-1252"
    assert records.select(session.database, Patient) == []

    steps: list[tuple[int, int]] = []
    changes = imports.commit(session, looked_at, lambda done, total: steps.append((done, total)))

    assert len(records.select(session.database, Patient)) == 20
    assert outbox.counts(session.database).waiting == 21
    assert len(changes.changes) == 21
    assert steps[-1] == (20, 20)
    (with_flag,) = [row for row in patients.rows(session) if row.patient.family_name == "Ås3"]
    (flag,) = patients.page(session, with_flag.patient.id).flags
    assert (flag.category, flag.text) == (FlagCategory.LEGAL_BASIS, "TUD")


def test_one_bad_row_keeps_everybody_out_and_is_named(session: Session) -> None:
    rows = [*_rows(5), "Ås;Ola;01017512345;;;"]
    looked_at = imports.preview(session, _file(*rows))
    assert [error.row_number for error in looked_at.errors] == [7]
    with pytest.raises(ImportRefusedError):
        imports.commit(session, looked_at)
    assert records.select(session.database, Patient) == []


def test_a_patient_who_is_here_already_is_named(session: Session) -> None:
    known = patient("Lie", "Åse", national_id=None, birth_date=BORN)
    numbered = patient("Berg", "Bo")
    receive(session, known, numbered)
    looked_at = imports.preview(
        session,
        _file("LIE;aase;;17.05.1975;;", f"Berg;Bo;{numbered.national_id};;;", *_rows(1)),
    )
    assert [(error.row_number, error.column, error.code) for error in looked_at.errors] == [
        (2, "Fødselsdato", ALREADY_KNOWN),
        (3, "Fødselsnummer", ALREADY_KNOWN),
    ]


def test_a_list_looked_at_before_a_sync_brought_the_same_patient_is_refused(
    session: Session,
) -> None:
    looked_at = imports.preview(session, _file(*_rows(3)))
    receive(session, patient(national_id=looked_at.rows[1].national_id))
    with pytest.raises(ImportRefusedError):
        imports.commit(session, looked_at)
    assert len(records.select(session.database, Patient)) == 1


def test_trouble_in_the_last_row_takes_all_back(session: Session) -> None:
    looked_at = imports.preview(session, _file(*_rows(4)))

    def break_down(done: int, total: int) -> None:
        if done == total:
            raise IntegrityError("as if the disk had failed")

    with pytest.raises(IntegrityError):
        imports.commit(session, looked_at, break_down)
    assert records.select(session.database, Patient) == []
    assert outbox.counts(session.database).waiting == 0


def test_synthetic_numbers_are_for_the_demo_only(session: Session) -> None:
    with session.database.transaction() as connection:
        connection.execute("DELETE FROM store_state WHERE key = 'synthetic_numbers'")
    looked_at = imports.preview(session, _file(*_rows(1)))
    assert [error.code for error in looked_at.errors] == ["national_id_series_not_allowed"]


def test_half_a_file_and_a_wrong_choice_of_columns_are_said(session: Session) -> None:
    with pytest.raises(FileError):
        imports.preview(session, b"")
    half = _file(*_rows(3))[:-40]
    assert [error.code for error in imports.preview(session, half).errors] == ["truncated_last_row"]
    with pytest.raises(MappingError):
        imports.preview(session, b"En;To\r\n1;2\r\n")
    table, _ = imports.columns(b"En;To\r\n1;2\r\n")
    assert table.headings == ("En", "To")
