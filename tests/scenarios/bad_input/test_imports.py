"""Patient lists as they really come: cut, empty, garbled, doubled, too large; and a good one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.domain.identifiers import synthetic_numbers
from fieldapp.domain.patients import Patient
from fieldapp.services import patients, setup, sync_status
from fieldapp.services.session import Session
from fieldapp.store import records
from tests.helpers.pages import make_context, show_page
from tests.helpers.ward import AASE, Ward, make_ward
from tests.scenarios.bad_input.screen import button, said
from ui.imports.page import ImportsPage
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.widgets import RowList

HEADINGS = "Etternavn;Fornavn;Fødselsnummer;Adresse;Postnr;Poststed;Telefon"
NUMBERS = list(islice(synthetic_numbers(date(1981, 2, 3)), 40))


def _row(number: int, national_id: str | None = None) -> str:
    identity = national_id or NUMBERS[number]
    return f"Ås{number};Bjørg;{identity};Sjøgata {number};8250;Rognan;900 00 {100 + number}"


def _file(*rows: str) -> str:
    return "\r\n".join((HEADINGS, *rows)) + "\r\n"


ROWS = [_row(number) for number in range(30)]
WRONG_DIGIT = NUMBERS[3][:-1] + str((int(NUMBERS[3][-1]) + 1) % 10)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "store")
    setup.allow_synthetic_numbers(made.session.database)
    yield made
    made.session.database.close()


@pytest.fixture
def page(qtbot: QtBot, ward: Ward, tasks: TaskRunner, theme: Theme) -> ImportsPage:
    shown = ImportsPage(make_context(ward.session, tasks, theme))
    show_page(qtbot, shown)
    return shown


def _figures(session: Session) -> tuple[int, int]:
    return len(records.select(session.database, Patient)), sync_status.read(session).waiting


def _listed(page: ImportsPage) -> list[str]:
    errors = page.findChild(RowList, "importErrors")
    assert errors is not None
    if not errors.isVisible():
        return []
    return [errors.rows.row(number).title for number in range(errors.rows.rowCount())]


def _known_patient(ward: Ward) -> str:
    return str(patients.page(ward.session, AASE).patient.national_id)


def _directory(path: Path) -> None:
    path.mkdir()


def _absent(path: Path) -> None:
    assert not path.exists()


def _huge(path: Path) -> None:
    line = (_row(1) + "\r\n").encode()
    path.write_bytes(HEADINGS.encode() + b"\r\n" + line * (25_000_000 // len(line) + 1))


def _bytes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_bytes(b""), "Filen er tom. Ingenting er lagret."),
        (_bytes(b"\r\n \r\n"), "Filen er tom. Ingenting er lagret."),
        (_bytes(_file().encode()), "Filen har overskrifter, men ingen rader."),
        (_bytes(bytes(range(256)) * 40), "Filen er ikke tekst."),
        (_bytes(_file(*ROWS).encode("utf-16-le")), "Filen er ikke tekst."),
        (_bytes(_file(*ROWS).encode("utf-16")[:-1]), "Tegnene i filen kan ikke leses."),
        (_bytes(_file("Ås;Bj\u0081rg;1;;;;").encode("latin-1")), "Tegnene i filen kan ikke leses."),
        (_bytes(_file(*ROWS, '"Ås;Bjørg').encode()), "Filen slutter midt i et felt."),
        (_directory, "Filen kan ikke leses. Ingenting er lagret."),
        (_absent, "Filen kan ikke leses. Ingenting er lagret."),
        (_huge, "Filen er for stor for en pasientliste. Ingenting er lagret."),
    ],
)
def test_a_file_that_is_no_list_is_named_and_nothing_is_stored(
    page: ImportsPage, ward: Ward, tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    before = _figures(ward.session)
    make(tmp_path / "liste.csv")
    page.open_file(tmp_path / "liste.csv")
    assert sentence in said(page)
    assert "Ingenting er lagret." in said(page)
    assert not button(page, "importCommit").isEnabled()
    assert _figures(ward.session) == before


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([*ROWS[:4], _row(3, WRONG_DIGIT)], ["Rad 6: kontrollsifferet stemmer ikke"]),
        ([_row(0, NUMBERS[0][1:])], None),
        ([_row(0, "3113" + NUMBERS[0][4:])], None),
        ([ROWS[0], ROWS[1], ROWS[0]], ["Rad 4: samme fødselsnummer står på en annen rad"]),
        (["Ås;Bjørg"], ["Rad 2: raden har for få kolonner"]),
    ],
)
def test_every_bad_row_is_named_and_keeps_all_of_them_out(
    page: ImportsPage, ward: Ward, tmp_path: Path, rows: list[str], found: list[str] | None
) -> None:
    before = _figures(ward.session)
    path = tmp_path / "liste.csv"
    path.write_bytes(_file(*rows).encode("cp1252"))
    page.open_file(path)
    listed = _listed(page)
    if found is not None:
        assert listed == found
    assert all(title.startswith("Rad ") for title in listed)
    assert listed
    assert "ingenting leses inn før alle er i orden" in said(page)
    assert not button(page, "importCommit").isEnabled()
    page._import()  # as a click that came through anyway
    assert _figures(ward.session) == before


def test_half_a_list_is_recognised_at_whatever_byte_it_was_cut(
    page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    whole = _file(*ROWS).encode("cp1252")
    path = tmp_path / "liste.csv"
    last_row = len(whole) - len(ROWS[-1]) - 2
    for cut in range(last_row + 1, len(whole) - 2, 5):
        path.write_bytes(whole[:cut])
        page.open_file(path)
        if button(page, "importCommit").isEnabled():
            # Only the last column is shorter; that can be no more than pointed at.
            assert whole[:cut].count(b";") == whole.count(b";")
            assert "se at den siste raden er hel" in said(page)
        else:
            assert _listed(page)[-1].startswith("Rad 31: ")
    assert sync_status.read(ward.session).waiting == 0


def test_a_patient_who_is_known_already_is_named(
    page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    before = _figures(ward.session)
    path = tmp_path / "liste.csv"
    path.write_bytes(_file(ROWS[0], _row(1, _known_patient(ward))).encode("cp1252"))
    page.open_file(path)
    assert _listed(page) == ["Rad 3: pasienten finnes allerede på maskinen"]
    assert not button(page, "importCommit").isEnabled()
    assert _figures(ward.session) == before


def test_a_list_that_became_wrong_while_it_was_looked_at_is_refused_as_a_whole(
    qtbot: QtBot, page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(_file(*ROWS).encode("cp1252"))
    page.open_file(path)
    known = patients.page(ward.session, AASE).patient
    patients.update(ward.session, _with_number(known, NUMBERS[7]))
    before = _figures(ward.session)
    button(page, "importCommit").click()
    qtbot.waitUntil(lambda: "Ingenting er hentet inn." in said(page))
    assert _figures(ward.session) == before
    assert button(page, "importChoose").isEnabled()


def test_a_good_list_in_the_old_encoding_is_taken_in_whole_and_travels(
    qtbot: QtBot, page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    patients_before, waiting = _figures(ward.session)
    path = tmp_path / "liste.csv"
    path.write_bytes(_file(*ROWS[:3], _row(4, WRONG_DIGIT)).encode("cp1252"))
    page.open_file(path)  # a bad one first, as it happens
    path.write_bytes(_file(*ROWS).encode("cp1252"))
    page.open_file(path)
    assert "30 rader, alle kan leses inn." in said(page)
    assert _figures(ward.session) == (patients_before, waiting)
    button(page, "importCommit").click()
    qtbot.waitUntil(lambda: "30 pasienter er lest inn." in said(page))
    assert _figures(ward.session) == (patients_before + 30, waiting + 30)
    names = {row.patient.name for row in patients.rows(ward.session)}
    assert {f"Ås{number}, Bjørg" for number in range(30)} <= names
    travelling = {item.patient_name for item in sync_status.unsent(ward.session)}
    assert len(travelling) == 30
    assert not button(page, "importCommit").isEnabled()
    page.open_file(path)  # a second time by mistake
    assert len(_listed(page)) == 30
    assert not button(page, "importCommit").isEnabled()


def _with_number(patient: Patient, number: str) -> Patient:
    from dataclasses import replace

    return replace(patient, national_id=number)


def test_the_columns_can_be_chosen_where_the_headings_do_not_say(
    page: ImportsPage, ward: Ward, tmp_path: Path
) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes("\r\n".join(("A;B;C", f"Ås;Bjørg;{NUMBERS[0]}")).encode("cp1252") + b"\r\n")
    page.open_file(path)
    assert "Velg kolonnene for etternavn og fornavn" in said(page)
    assert not page.findChildren(QPushButton, "importCommit")[0].isEnabled()
