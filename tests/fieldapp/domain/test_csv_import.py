"""A municipal patient list is read whole, or every fault in it is named."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.csv_import import (
    Field,
    FileError,
    Mapping,
    MappingError,
    Preview,
    check_mapping,
    decode,
    guess_mapping,
    preview,
    read_table,
)
from fieldapp.domain.identifiers import DEMO, make_synthetic, synthetic_numbers
from fieldapp.domain.patients import Level, Sex

TODAY = date(2026, 11, 22)
HEADING = "Etternavn;Fornavn;Fødselsnummer;Fødselsdato;Adresse;Postnr;Poststed;Telefon;Kjønn;Nivå"
PER = "Ås;Pål Ærlig;17858512387;17.05.1985;Storgata 1;0150;Oslo;900 00 001;M;ACT"
KARI = "Dønn;Kari;03917224098;03.11.1972;;;;;K;CM"


def lines(*rows: str) -> str:
    return "".join(f"{row}\r\n" for row in rows)


def read(text: str) -> Preview:
    table = read_table(text)
    return preview(table, guess_mapping(table.headings), on=TODAY, allow=DEMO)


def codes(text: str) -> list[tuple[int, str]]:
    return [(error.row_number, error.code) for error in read(text).errors]


def file_error(text: str) -> tuple[str, int | None]:
    with pytest.raises(FileError) as caught:
        read_table(text)
    return caught.value.code, caught.value.row


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_norwegian_letters_survive_every_encoding(encoding: str, named: str) -> None:
    text, found = decode(lines(HEADING, PER).encode(encoding))
    assert found == named
    (draft,) = read(text).rows
    assert (draft.family_name, draft.given_name) == ("Ås", "Pål Ærlig")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"PK\x03\x04\x00\x00", "not_text"),
        (b"Navn;\x81\xe5", "encoding"),
        (b"\xef\xbb\xbfNavn;\xe5", "encoding"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(FileError) as caught:
        decode(data)
    assert caught.value.code == code


def test_every_field_of_a_row_is_read() -> None:
    table = read_table(lines(HEADING + ";Fastlege;Lovgrunnlag", PER + ";Lege Li;TUD"))
    (draft,) = preview(table, guess_mapping(table.headings), on=TODAY, allow=DEMO).rows
    assert draft.national_id == "17858512387"
    assert draft.birth_date == date(1985, 5, 17)
    assert (draft.address, draft.postal_code, draft.city) == ("Storgata 1", "0150", "Oslo")
    assert draft.phone == "900 00 001"
    assert (draft.sex, draft.level) == (Sex.MALE, Level.ACT)
    assert (draft.gp_name, draft.legal_basis) == ("Lege Li", "TUD")
    assert draft.row_number == 2


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = lines(HEADING, KARI).replace(";", delimiter)
    assert read_table(text).delimiter == delimiter
    assert read(text).can_be_imported


def test_a_delimiter_inside_a_quoted_heading_does_not_mislead() -> None:
    heading = '"Navn, adresse, telefon, annet";Fødselsnummer'
    assert read_table(lines(heading, "x;17858512387")).delimiter == ";"


def test_a_spreadsheets_separator_line_is_understood_and_counted() -> None:
    text = lines("sep=;", HEADING, PER, KARI.replace("Kari", ""))
    assert codes(text) == [(4, "given_name_missing")]


def test_a_quoted_value_may_hold_line_breaks_quotes_and_delimiters() -> None:
    text = lines(HEADING, KARI.replace("Kari;", '"Kari ""Ka""\r\nMarie; Li";'), PER)
    found = read(text)
    assert found.rows[0].given_name == 'Kari "Ka" Marie; Li'
    assert [draft.row_number for draft in found.rows] == [2, 3]


def test_blank_rows_are_left_out_and_still_counted() -> None:
    text = lines(HEADING, PER, "", ";;;;;;;;;", KARI)
    assert [draft.row_number for draft in read(text).rows] == [2, 5]


def test_a_birth_date_comes_from_the_number_where_the_file_has_none() -> None:
    text = lines("Etternavn;Fornavn;Fnr", "Li;Bo;178585 12387")
    assert read(text).rows[0].birth_date == date(1985, 5, 17)


def test_sex_is_never_read_from_the_number() -> None:
    text = lines("Etternavn;Fornavn;Fnr", "Li;Bo;17858512387")
    assert read(text).rows[0].sex is Sex.UNKNOWN


def test_a_full_name_is_divided_at_its_comma_only() -> None:
    heading = "Navn;Fødselsnummer"
    (draft,) = read(lines(heading, "Li, Kari Ann;17858512387")).rows
    assert (draft.family_name, draft.given_name) == ("Li", "Kari Ann")
    assert codes(lines(heading, "Kari Ann Li;17858512387")) == [(2, "name_order_unknown")]
    assert codes(lines(heading, "Li,;17858512387")) == [(2, "given_name_missing")]


def test_postal_code_and_city_in_one_column_are_divided() -> None:
    (draft,) = read(lines("Navn;Fnr;Postnr/sted", "Li, Bo;17858512387;0150 Oslo sentrum")).rows
    assert (draft.postal_code, draft.city) == ("0150", "Oslo sentrum")


def test_numbers_that_a_spreadsheet_protected_are_read() -> None:
    rows = lines("Navn;Fnr", 'Li, Bo;="03917224098"', "Bo, Li;'17858512387")
    assert read(rows).can_be_imported


def test_an_apostrophe_that_belongs_to_a_name_stays() -> None:
    (draft,) = read(lines("Etternavn;Fornavn;Fnr", "'t Hooft;Bo;17858512387")).rows
    assert draft.family_name == "'t Hooft"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("Ås;", ";", "family_name_missing"),
        ("Pål Ærlig", " ", "given_name_missing"),
        ("17858512387", "1785851238", "national_id_length"),
        ("17858512387", "17858512388", "national_id_check_digit"),
        ("17858512387", "32858512387", "national_id_date"),
        ("17858512387", "1785851238x", "national_id_not_digits"),
        ("17858512387", "30108299920", "national_id_series_not_allowed"),
        ("17858512387", "3917224098", "national_id_leading_zero_lost"),
        ("17.05.1985", "17/05/1985", "birth_date_format"),
        ("17.05.1985", "17.05.85", "birth_date_format"),
        ("17.05.1985", "31.02.1985", "birth_date_format"),
        ("17.05.1985", "23.11.2026", "birth_date_future"),
        ("17.05.1985", "18.05.1985", "birth_date_differs"),
        ("0150", "150", "postal_code_format"),
        ("900 00 001", "ring mor", "phone_format"),
        (";M;", ";X;", "sex_unknown"),
        (";ACT", ";FACT+", "level_unknown"),
        ("Storgata 1", "Storgata " * 30, "value_too_long"),
        ("17858512387;17.05.1985", ";", "identity_missing"),
        (";ACT", "", "too_few_columns"),
        (";ACT", ";ACT;x", "too_many_columns"),
    ],
)
def test_a_bad_row_is_named_with_its_reason_and_the_good_ones_are_kept(
    before: str, after: str, code: str
) -> None:
    found = read(lines(HEADING, KARI, PER.replace(before, after)))
    assert (3, code) in [(error.row_number, error.code) for error in found.errors]
    assert [draft.row_number for draft in found.rows] == [2]
    assert not found.can_be_imported
    assert found.row_count == 2


def test_all_faults_of_a_row_are_named_under_the_files_own_headings() -> None:
    errors = read(lines(HEADING, ";Bo;1;x;;;;;;")).errors
    assert [(error.column, error.code) for error in errors] == [
        ("Etternavn", "family_name_missing"),
        ("Fødselsnummer", "national_id_length"),
        ("Fødselsdato", "birth_date_format"),
    ]
    assert errors[1].value_hint == "1"


def test_a_number_that_stands_twice_names_the_row_that_had_it_first() -> None:
    found = read(lines(HEADING, PER, KARI, PER))
    (error,) = found.errors
    assert (error.row_number, error.code, error.value_hint) == (4, "duplicate_in_file", "2")


def test_a_trailing_delimiter_does_no_harm() -> None:
    assert read(lines(HEADING, PER + ";")).can_be_imported


def test_a_file_without_a_last_line_break_is_whole_when_its_last_row_is() -> None:
    assert read(lines(HEADING, PER) + KARI).can_be_imported


def test_half_a_file_is_named_as_such() -> None:
    whole = lines(HEADING, PER, KARI)
    assert codes(whole[: whole.index("03917224098")]) == [(3, "truncated_last_row")]
    quoted = lines(HEADING, PER, KARI.replace("Kari", '"Kari Marie"'))
    assert file_error(quoted[: quoted.index("Marie")]) == ("unterminated_quote", 3)


def test_a_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    rows = [PER.replace("Storgata 1", '"Storgata 1')] + [KARI] * 5000
    assert file_error(lines(HEADING, *rows)) == ("unterminated_quote", 2)


def test_text_after_a_closed_quote_is_bad_quoting() -> None:
    assert file_error(lines(HEADING, PER.replace("Oslo", '"Oslo"x'))) == ("bad_quoting", 2)


def test_a_file_without_rows_is_refused() -> None:
    assert file_error(lines(HEADING)) == ("no_rows", None)
    assert file_error("\r\n\r\n") == ("empty", None)


def test_headings_are_guessed_whatever_their_case_and_punctuation() -> None:
    mapping = guess_mapping(
        ["FORNAVN ", "etternavn", "F.nr", "født", "Mobil-nr.", "Merknad", "Tlf"]
    )
    assert mapping.columns == (
        Field.GIVEN_NAME,
        Field.FAMILY_NAME,
        Field.NATIONAL_ID,
        Field.BIRTH_DATE,
        Field.PHONE,
        None,
        None,
    )


def test_a_mapping_is_changed_by_hand_and_a_field_moves_with_it() -> None:
    mapping = guess_mapping(["Fornavn", "Etternavn", "Kode"]).changed(2, Field.FAMILY_NAME)
    assert mapping.columns == (Field.GIVEN_NAME, None, Field.FAMILY_NAME)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ((Field.FAMILY_NAME, Field.NATIONAL_ID), "name_not_chosen"),
        ((Field.FULL_NAME, None), "identity_not_chosen"),
        ((Field.FULL_NAME, Field.FULL_NAME), "field_chosen_twice"),
        ((Field.FULL_NAME,), "column_count"),
    ],
)
def test_columns_that_cannot_name_a_person_are_refused(
    columns: tuple[Field | None, ...], code: str
) -> None:
    table = read_table(lines("Navn;Fnr", "Li, Bo;17858512387"))
    with pytest.raises(MappingError) as caught:
        check_mapping(table, Mapping(columns))
    assert caught.value.code == code


def test_no_error_or_draft_shows_a_patient_when_it_is_printed() -> None:
    found = read(lines(HEADING, PER, KARI.replace("03917224098", "03917224099")))
    shown = repr(found) + repr(read_table(lines(HEADING, PER)))
    for secret in ("17858512387", "03917224099", "Pål", "Storgata"):
        assert secret not in shown


@given(st.text())
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    with contextlib.suppress(FileError, MappingError):
        read(text)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet='abæøå ;,"\n', min_size=1).filter(lambda name: name.strip(' ,;"\n')),
            st.dates(min_value=date(1940, 1, 1), max_value=date(1999, 12, 31)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_as_csv_is_read_back(people: list[tuple[str, date]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"'

    numbers = [
        next(synthetic_numbers(born, start=position * 20))
        for position, (_, born) in enumerate(people)
    ]
    rows = [
        f"{quoted(name)};Bo;{number};{born:%d.%m.%Y}"
        for (name, born), number in zip(people, numbers, strict=True)
    ]
    found = read(lines("Etternavn;Fornavn;Fnr;Fødselsdato", *rows))
    assert found.errors == ()
    assert [draft.family_name for draft in found.rows] == [
        " ".join(name.split()) for name, _ in people
    ]
    assert [draft.national_id for draft in found.rows] == numbers


def test_cutting_a_list_anywhere_never_invents_a_person() -> None:
    number = make_synthetic(date(1972, 11, 3), 240)
    whole = lines(HEADING, PER, KARI)
    known = {("Ås", "17858512387"), ("Dønn", number)}
    for length in range(len(HEADING) + 3, len(whole)):
        try:
            found = read(whole[:length])
        except FileError:
            continue
        for draft in found.rows:
            assert (draft.family_name, draft.national_id) in known
