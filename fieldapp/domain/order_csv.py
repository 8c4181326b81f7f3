"""Reads a CSV file of orders: a row is an order, and every mistake of a row is told.

The steps are `csv_import.decode` and `read_table`, then `guess_columns` (headings to fields) and
`read_rows`. Whose an order is, its national number says; finding the patient is for the caller.

Codes of FileError are those of `fieldapp.domain.csv_import`. Codes of `OrderRowError` are those of
`OrderCode`, the shape of a row (too_few_columns, too_many_columns, truncated_last_row) and, by the
caller, patient_missing, patient_unknown, patient_not_yours, already_there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fieldapp.domain.collation import fold
from fieldapp.domain.csv_import import Table
from fieldapp.domain.order_text import OrderSheet, sheet_fields

PATIENT: Final = "patient"
"""The column that says whose the order is."""

PATIENT_MISSING: Final = "patient_missing"
PATIENT_UNKNOWN: Final = "patient_unknown"
ALREADY_THERE: Final = "already_there"

NEEDED: Final = (PATIENT, "product", "atc", "form", "strength", "place", "valid_from", "prescriber")
"""Columns without which no row can be an order."""


class ColumnsError(ValueError):
    """The headings name too little; `missing` are the fields."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("columns_missing: " + ", ".join(missing))
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row as typed. `number` is as a spreadsheet counts: the heading is row 1."""

    number: int
    patient: str = field(repr=False)
    """National or temporary number, without blanks."""
    sheet: OrderSheet = field(repr=False)


@dataclass(frozen=True, slots=True)
class OrderRowError:
    """One thing wrong in one row. `hint` is for the screen of whoever imports, never for a log."""

    number: int
    column: str
    code: str
    hint: str = field(default="", repr=False)
    warning: bool = False


def guess_columns(headings: Sequence[str]) -> dict[str, int]:
    """Return the column of each field that a heading names. Raises ColumnsError."""
    found: dict[str, int] = {}
    for number, heading in enumerate(headings):
        name = _HEADINGS.get(_plain(heading))
        if name is not None:
            found.setdefault(name, number)
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise ColumnsError(missing)
    return found


def read_rows(table: Table, source: str) -> tuple[list[OrderRow], list[OrderRowError]]:
    """Return the rows that are whole, and what is wrong with the shape of the others.

    `source` (the file's name) stands in every order that names none. Raises ColumnsError.
    """
    columns = guess_columns(table.headings)
    rows: list[OrderRow] = []
    errors: list[OrderRowError] = []
    last = table.rows[-1][0]
    for number, cells in table.rows:
        wrong = _shape(table, cells, is_last=number == last)
        if wrong:
            errors.append(OrderRowError(number, "", wrong, f"{len(cells)}/{len(table.headings)}"))
            continue
        reader = _cell_reader(columns, cells)
        typed = {name: reader(name) for name in sheet_fields()}
        typed["source"] = typed["source"] or source
        rows.append(OrderRow(number, "".join(reader(PATIENT).split()), OrderSheet(**typed)))
    return rows, errors


def heading_of(table: Table, name: str) -> str:
    """Return the heading of a field as the file writes it, empty where it has none."""
    number = guess_columns(table.headings).get(_COLUMN_OF.get(name, name))
    return table.headings[number] if number is not None else ""


def _cell_reader(columns: dict[str, int], cells: tuple[str, ...]) -> Callable[[str], str]:
    def read(name: str) -> str:
        number = columns.get(name)
        # A spreadsheet keeps a leading nought by writing ="0123" or '0123.
        text = "" if number is None else cells[number]
        return text.removeprefix("=").strip('"').removeprefix("'").strip()

    return read


def _shape(table: Table, cells: tuple[str, ...], *, is_last: bool) -> str:
    expected = len(table.headings)
    if len(cells) < expected:
        return "truncated_last_row" if is_last and table.ends_open else "too_few_columns"
    return "too_many_columns" if any(cells[expected:]) else ""


def _plain(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


_COLUMN_OF: Final = {
    "dose_morning": "morning",
    "dose_noon": "noon",
    "dose_evening": "evening",
    "dose_night": "night",
    "doses": "morning",
}
"""Where a problem's field has another name than the column."""

_HEADINGS: Final = {
    _plain(heading): name
    for name, headings in {
        PATIENT: ("Fødselsnummer", "Fødselsnr", "Fnr", "Personnummer", "Pasientnummer", "Pasient"),
        "product": ("Legemiddel", "Preparat", "Produkt", "Product"),
        "atc": ("ATC", "ATC-kode"),
        "form": ("Form", "Legemiddelform"),
        "strength": ("Styrke", "Strength"),
        "concentration_mg_per_ml": ("Styrke mg/ml", "Konsentrasjon", "Konsentrasjon mg/ml"),
        "morning": ("Morgen", "Morgen mg", "Dose", "Dose mg", "Morgendose"),
        "noon": ("Midt på dagen", "Middag", "Formiddag", "Midt på dagen mg"),
        "evening": ("Kveld", "Kveld mg", "Kveldsdose"),
        "night": ("Natt", "Natt mg"),
        "weekdays": ("Ukedager", "Dager", "Dosedager"),
        "take_home_weekdays": ("Hjemdoser", "Hjemdosedager", "Med hjem", "Dager med hjem"),
        "take_home_parts": ("Hjemdel", "Del av dagen med hjem", "Del med hjem"),
        "max_take_home_days": ("Maks hjemdoser", "Høyst med hjem", "Største hjemlevering"),
        "place": ("Sted", "Utleveringssted"),
        "valid_from": ("Gjelder fra", "Fra", "Fra dato", "Startdato"),
        "valid_to": ("Gjelder til", "Til", "Til dato", "Sluttdato"),
        "prescriber": ("Forskriver", "Rekvirent", "Lege"),
        "source": ("Kilde",),
        "interval_days": ("Intervall", "Intervall dager", "Dager mellom"),
        "depot": ("Depot", "Depotkode"),
    }.items()
    for heading in headings
}
