"""Reads a team's patient list from a CSV file, as municipal systems export it.

The steps are ``decode`` (bytes to text), ``read_table`` (text to rows), ``guess_mapping``
(headings to fields, which the user may change) and ``preview`` (rows to drafts and errors).
Nothing is written; that a list with any error is refused as a whole is decided by the service.

Codes of FileError, which concern the file as a whole:
    empty, not_text, encoding, no_rows, unterminated_quote, bad_quoting

Codes of RowError, which concern one row (number 1 is the heading, as in a spreadsheet):
    too_few_columns, too_many_columns, truncated_last_row,
    family_name_missing, given_name_missing, name_order_unknown, value_too_long,
    identity_missing, duplicate_in_file (hint: the row that has the number first),
    national_id_length, national_id_leading_zero_lost, national_id_not_digits, national_id_date,
    national_id_future_date, national_id_check_digit, national_id_series_not_allowed,
    birth_date_format, birth_date_future, birth_date_differs,
    postal_code_format, phone_format, sex_unknown, level_unknown

Codes of MappingError, which concern the choice of columns:
    field_chosen_twice, name_not_chosen, identity_not_chosen, column_count
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from fieldapp.domain.collation import fold
from fieldapp.domain.identifiers import (
    AllowedSeries,
    IdentifierError,
    NationalId,
    Reason,
    parse_national_id,
)
from fieldapp.domain.patients import Level, Sex

DELIMITERS = (";", "\t", ",")

_LONGEST_VALUE = 200
_LONGEST_HINT = 40


class Field(StrEnum):
    """What a column can hold. FULL_NAME and POSTAL_LINE are taken apart while reading."""

    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    FULL_NAME = "full_name"
    NATIONAL_ID = "national_id"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    POSTAL_LINE = "postal_line"
    PHONE = "phone"
    SEX = "sex"
    LEVEL = "level"
    LEGAL_BASIS = "legal_basis"
    GP_NAME = "gp_name"


class FileError(ValueError):
    """The file cannot be read at all. ``row`` is where, if known."""

    def __init__(self, code: str, row: int | None = None) -> None:
        super().__init__(code if row is None else f"{code} in row {row}")
        self.code = code
        self.row = row


class MappingError(ValueError):
    """The chosen columns cannot make a patient list. ``field`` names the one at fault, if one."""

    def __init__(self, code: str, chosen: Field | None = None) -> None:
        super().__init__(code if chosen is None else f"{code}: {chosen.value}")
        self.code = code
        self.field = chosen


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file below its headings.

    ``rows`` are (row number, cells); blank rows are left out. ``ends_open`` is true when the file
    does not end with a line break, as a copy that was cut off does not.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)
    delimiter: str
    ends_open: bool


@dataclass(frozen=True, slots=True)
class Mapping:
    """For every column of the table its field, or None for a column that is not read."""

    columns: tuple[Field | None, ...]

    def column(self, wanted: Field) -> int | None:
        return self.columns.index(wanted) if wanted in self.columns else None

    def changed(self, column: int, chosen: Field | None) -> Mapping:
        """Return the mapping with one column chosen anew; a field moves from where it was."""
        columns = [None if entry is chosen else entry for entry in self.columns]
        columns[column] = chosen
        return Mapping(tuple(columns))


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """One valid row. None or blank where the file says nothing; sex is never derived."""

    row_number: int
    family_name: str = field(repr=False)
    given_name: str = field(repr=False)
    national_id: str | None = field(repr=False)
    birth_date: date | None = field(repr=False)
    address: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    sex: Sex = field(default=Sex.UNKNOWN, repr=False)
    level: Level | None = field(default=None, repr=False)
    legal_basis: str = field(default="", repr=False)
    gp_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong in one row. ``column`` is the heading as the file writes it, or blank.

    ``value_hint`` is for the screen of the person who imports, never for a log.
    """

    row_number: int
    column: str
    code: str
    value_hint: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. It may be carried out only when ``errors`` is empty."""

    rows: tuple[PatientDraft, ...]
    errors: tuple[RowError, ...]
    row_count: int

    @property
    def can_be_imported(self) -> bool:
        return bool(self.rows) and not self.errors


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: utf-8, utf-8-sig, utf-16 or windows-1252.

    Raises FileError: empty, not_text or encoding.
    """
    if not data.strip():
        raise FileError("empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16", "encoding"), "utf-16"
    if b"\x00" in data:
        raise FileError("not_text")
    if data.startswith(b"\xef\xbb\xbf"):
        return _decoded(data, "utf-8-sig", "encoding"), "utf-8-sig"
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decoded(data, "cp1252", "encoding"), "windows-1252"


def read_table(text: str) -> Table:
    """Split the text into headings and rows. Raises FileError."""
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise FileError("not_text")
    delimiter, body = _delimiter(text)
    # A spreadsheet's "sep=;" line counts as a row where the user looks for the number.
    records = _records(body, delimiter, first_row=1 if body is text else 2)
    filled = [(number, cells) for number, cells in records if any(cells)]
    if not filled:
        raise FileError("empty")
    (_, headings), *rows = filled
    if not rows:
        raise FileError("no_rows")
    return Table(
        headings=headings,
        rows=tuple(rows),
        delimiter=delimiter,
        ends_open=not text.endswith(("\n", "\r")),
    )


def guess_mapping(headings: Sequence[str]) -> Mapping:
    """Guess the field of every column from its heading; each field is guessed once."""
    columns: list[Field | None] = []
    for heading in headings:
        guessed = _HEADINGS.get(_plain(heading))
        columns.append(None if guessed in columns else guessed)
    if Field.FAMILY_NAME not in columns and Field.GIVEN_NAME in columns:
        # "Fornavn" beside "Navn": the latter can only be the family name.
        columns = [Field.FAMILY_NAME if entry is Field.FULL_NAME else entry for entry in columns]
    elif Field.FAMILY_NAME in columns and Field.GIVEN_NAME in columns:
        columns = [None if entry is Field.FULL_NAME else entry for entry in columns]
    return Mapping(tuple(columns))


def check_mapping(table: Table, mapping: Mapping) -> None:
    """Raise MappingError unless the chosen columns can name a person."""
    chosen = [entry for entry in mapping.columns if entry is not None]
    if len(mapping.columns) != len(table.headings):
        raise MappingError("column_count")
    for entry in chosen:
        if chosen.count(entry) > 1:
            raise MappingError("field_chosen_twice", entry)
    both_names = Field.FAMILY_NAME in chosen and Field.GIVEN_NAME in chosen
    if not both_names and Field.FULL_NAME not in chosen:
        raise MappingError("name_not_chosen")
    if Field.NATIONAL_ID not in chosen and Field.BIRTH_DATE not in chosen:
        raise MappingError("identity_not_chosen")


def preview(table: Table, mapping: Mapping, *, on: date, allow: AllowedSeries) -> Preview:
    """Read every row into a draft or into named errors. Raises MappingError.

    ``on`` is today; ``allow`` says which series of identity numbers are accepted. Every mistake
    of a row is reported, not only its first.
    """
    check_mapping(table, mapping)
    drafts: list[PatientDraft] = []
    errors: list[RowError] = []
    first_row_of: dict[str, int] = {}
    last_number = table.rows[-1][0]
    for number, cells in table.rows:
        shape = _shape_error(table, number, cells, is_last=number == last_number)
        if shape is not None:
            errors.append(shape)
            continue
        reader = _RowReader(table, mapping, number, cells)
        draft = reader.read(on, allow)
        if draft is not None and draft.national_id is not None:
            earlier = first_row_of.setdefault(draft.national_id, number)
            if earlier != number:
                reader.wrong(Field.NATIONAL_ID, "duplicate_in_file", str(earlier))
                draft = None
        if draft is not None:
            drafts.append(draft)
        errors.extend(reader.errors)
    return Preview(tuple(drafts), tuple(errors), len(table.rows))


class _RowReader:
    """Reads the cells of one row and collects what is wrong with them."""

    def __init__(self, table: Table, mapping: Mapping, number: int, cells: tuple[str, ...]) -> None:
        self._headings = table.headings
        self._mapping = mapping
        self._number = number
        self._cells = cells
        self.errors: list[RowError] = []

    def read(self, on: date, allow: AllowedSeries) -> PatientDraft | None:
        """Return the draft, or None when something is wrong."""
        family_name, given_name = self._names()
        identity = self._national_id(on, allow)
        birth_date = self._birth_date(on, identity)
        postal_code, city = self._postal()
        draft = PatientDraft(
            row_number=self._number,
            family_name=family_name,
            given_name=given_name,
            national_id=identity.value if identity else None,
            birth_date=birth_date,
            address=self._text(Field.ADDRESS),
            postal_code=postal_code,
            city=city,
            phone=self._phone(),
            sex=self._sex(),
            level=self._level(),
            legal_basis=self._text(Field.LEGAL_BASIS),
            gp_name=self._text(Field.GP_NAME),
        )
        if identity is None and birth_date is None and not self.errors:
            self.wrong(Field.NATIONAL_ID, "identity_missing")
        return None if self.errors else draft

    def wrong(self, where: Field, code: str, hint: str = "") -> None:
        """Note one mistake under the heading that the file itself uses."""
        position = self._mapping.column(where)
        column = "" if position is None else self._headings[position]
        self.errors.append(RowError(self._number, column, code, hint[:_LONGEST_HINT]))

    def _text(self, wanted: Field) -> str:
        position = self._mapping.column(wanted)
        if position is None:
            return ""
        value = " ".join(_unprotected(self._cells[position]).split())
        if len(value) > _LONGEST_VALUE:
            self.wrong(wanted, "value_too_long", value)
        return value

    def _names(self) -> tuple[str, str]:
        if self._mapping.column(Field.FULL_NAME) is not None:
            return self._divided_name()
        family_name = self._text(Field.FAMILY_NAME)
        given_name = self._text(Field.GIVEN_NAME)
        if not family_name:
            self.wrong(Field.FAMILY_NAME, "family_name_missing")
        if not given_name:
            self.wrong(Field.GIVEN_NAME, "given_name_missing")
        return family_name, given_name

    def _divided_name(self) -> tuple[str, str]:
        full_name = self._text(Field.FULL_NAME)
        family_name, comma, given_name = (part.strip() for part in full_name.partition(","))
        if not full_name or (comma and not family_name):
            self.wrong(Field.FULL_NAME, "family_name_missing")
        elif not comma:
            # "Kari Ann Li" can be divided in two ways; a wrong guess would end up in a record.
            self.wrong(Field.FULL_NAME, "name_order_unknown", full_name)
        elif not given_name:
            self.wrong(Field.FULL_NAME, "given_name_missing", full_name)
        return family_name, given_name

    def _national_id(self, on: date, allow: AllowedSeries) -> NationalId | None:
        value = self._text(Field.NATIONAL_ID)
        if not value:
            return None
        try:
            return parse_national_id(value, on=on, allow=allow)
        except IdentifierError as error:
            code = f"national_id_{error.reason.value}"
            if error.reason is Reason.LENGTH and _fits_with_zero(value, on, allow):
                code = "national_id_leading_zero_lost"
            self.wrong(Field.NATIONAL_ID, code, value)
            return None

    def _birth_date(self, on: date, identity: NationalId | None) -> date | None:
        derived = identity.birth_date if identity else None
        value = self._text(Field.BIRTH_DATE)
        if not value:
            return derived
        written = _day(value)
        if written is None:
            self.wrong(Field.BIRTH_DATE, "birth_date_format", value)
        elif written > on:
            self.wrong(Field.BIRTH_DATE, "birth_date_future", value)
        elif derived is not None and written != derived:
            self.wrong(Field.BIRTH_DATE, "birth_date_differs", value)
        return written

    def _postal(self) -> tuple[str, str]:
        line = self._text(Field.POSTAL_LINE)
        code, _, city = line.partition(" ")
        code = self._text(Field.POSTAL_CODE) or code
        if code and not re.fullmatch("[0-9]{4}", code):
            in_line = not self._text(Field.POSTAL_CODE)
            self.wrong(
                Field.POSTAL_LINE if in_line else Field.POSTAL_CODE, "postal_code_format", code
            )
        return code, self._text(Field.CITY) or city.strip()

    def _phone(self) -> str:
        value = self._text(Field.PHONE)
        digits = sum(character.isdigit() for character in value)
        if value and (digits < 3 or not re.fullmatch("[0-9+()/,;. -]+", value)):
            self.wrong(Field.PHONE, "phone_format", value)
        return value

    def _sex(self) -> Sex:
        value = self._text(Field.SEX)
        found = _SEXES.get(_plain(value))
        if found is None:
            self.wrong(Field.SEX, "sex_unknown", value)
        return found or Sex.UNKNOWN

    def _level(self) -> Level | None:
        value = self._text(Field.LEVEL)
        if not value:
            return None
        found = _LEVELS.get(_plain(value))
        if found is None:
            self.wrong(Field.LEVEL, "level_unknown", value)
        return found


def _decoded(data: bytes, encoding: str, code: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise FileError(code) from None


def _delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter and the text without a spreadsheet's ``sep=`` line."""
    first_line, _, rest = text.lstrip("\r\n").partition("\n")
    named = re.fullmatch(r"sep=([;,\t])\r?", first_line, flags=re.IGNORECASE)
    if named:
        return named.group(1), rest
    outside_quotes = re.sub('"[^"]*"', "", first_line)
    # max keeps the first of equals, so a list of one column is read as separated by semicolons.
    return max(DELIMITERS, key=outside_quotes.count), text


def _records(text: str, delimiter: str, first_row: int) -> Iterable[tuple[int, tuple[str, ...]]]:
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = first_row
    while True:
        lines_before = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rest = "".join(lines[lines_before:])
            # An odd number of quotation marks means that one was opened and never closed.
            code = "unterminated_quote" if rest.count('"') % 2 else "bad_quoting"
            raise FileError(code, number) from None
        yield number, tuple(cell.strip() for cell in cells)
        number += 1


def _shape_error(
    table: Table, number: int, cells: tuple[str, ...], *, is_last: bool
) -> RowError | None:
    expected = len(table.headings)
    hint = f"{len(cells)}/{expected}"
    if len(cells) < expected:
        cut_off = is_last and table.ends_open
        code = "truncated_last_row" if cut_off else "too_few_columns"
        return RowError(number, "", code, hint)
    if any(cells[expected:]):
        return RowError(number, "", "too_many_columns", hint)
    return None


def _unprotected(cell: str) -> str:
    """Take away what spreadsheets use to keep leading noughts: ="0123" and '0123.

    Before letters an apostrophe is part of a name ('t Hooft) and stays.
    """
    protected = re.fullmatch(r"""="([^"]*)"|'([0-9 ]+)""", cell)
    if protected is None:
        return cell
    return protected.group(1) or protected.group(2) or ""


def _fits_with_zero(value: str, on: date, allow: AllowedSeries) -> bool:
    try:
        parse_national_id(f"0{value}", on=on, allow=allow)
    except IdentifierError:
        return False
    return True


def _day(value: str) -> date | None:
    """Read dd.mm.yyyy or yyyy-mm-dd; a year of two digits names no century and is refused."""
    norwegian = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", value)
    try:
        if norwegian:
            day, month, year = (int(part) for part in norwegian.groups())
            return date(year, month, day)
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        return None
    return None


def _plain(text: str) -> str:
    """Reduce a heading or a word to its letters and digits, for comparison."""
    return "".join(character for character in fold(text) if character.isalnum())


_HEADINGS: dict[str, Field] = {
    _plain(heading): target
    for target, headings in {
        Field.FAMILY_NAME: ("Etternavn", "Slektsnavn", "Familienavn", "Surname", "Last name"),
        Field.GIVEN_NAME: (
            "Fornavn",
            "Fornavn og mellomnavn",
            "Fornavn/mellomnavn",
            "First name",
            "Given name",
        ),
        Field.FULL_NAME: ("Navn", "Fullt navn", "Pasientnavn", "Pasient", "Bruker"),
        Field.NATIONAL_ID: (
            "Fødselsnummer",
            "Fødselsnr",
            "Fødselsnummer (11 siffer)",
            "Personnummer",
            "Personnr",
            "Fnr",
            "Fnr/D-nr",
            "Fødselsnummer/D-nummer",
            "D-nummer",
            "Nasjonal ID",
            "National ID",
        ),
        Field.BIRTH_DATE: ("Fødselsdato", "Født", "Født dato", "F.dato", "Birth date"),
        Field.ADDRESS: (
            "Adresse",
            "Gateadresse",
            "Gatenavn",
            "Bostedsadresse",
            "Besøksadresse",
            "Folkeregistrert adresse",
            "Address",
        ),
        Field.POSTAL_CODE: ("Postnummer", "Postnr", "Post nr", "Postal code"),
        Field.CITY: ("Poststed", "Sted", "By", "City"),
        Field.POSTAL_LINE: ("Postnr/sted", "Postnr og sted", "Postnummer og poststed"),
        Field.PHONE: (
            "Telefon",
            "Telefonnummer",
            "Tlf",
            "Tlf nr",
            "Mobil",
            "Mobilnr",
            "Mobilnummer",
            "Mobiltelefon",
            "Phone",
        ),
        Field.SEX: ("Kjønn", "Sex"),
        Field.LEVEL: ("Nivå", "FACT-nivå", "Oppfølgingsnivå", "Level"),
        Field.LEGAL_BASIS: (
            "Lovgrunnlag",
            "Juridisk grunnlag",
            "Rettslig grunnlag",
            "Vedtak",
            "Vernestatus",
            "Legal basis",
        ),
        Field.GP_NAME: ("Fastlege", "Fastlegens navn", "GP"),
    }.items()
    for heading in headings
}

_SEXES: dict[str, Sex] = {
    **dict.fromkeys(("", "ukjent", "u", "ikkeoppgitt", "unknown"), Sex.UNKNOWN),
    **dict.fromkeys(("k", "kvinne", "kvinnelig", "female"), Sex.FEMALE),
    **dict.fromkeys(("m", "mann", "mannlig", "male"), Sex.MALE),
}

_LEVELS: dict[str, Level] = {
    **dict.fromkeys(("act", _plain("ACT-nivå"), "heleteamet"), Level.ACT),
    **dict.fromkeys(
        (
            "cm",
            _plain("CM-nivå"),
            "casemanagement",
            _plain("Case management-nivå"),
            "individuell",
            _plain("Individuell oppfølging"),
        ),
        Level.CASE_MANAGEMENT,
    ),
}
