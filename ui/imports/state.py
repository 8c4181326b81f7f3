"""The import in words: fields, errors and rows."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.domain.csv_import import Field, FileError, MappingError, PatientDraft, RowError
from fieldapp.services.imports import ALREADY_KNOWN, ImportPreview
from ui.widgets import Row, RowTag
from ui.words import day_text, masked_id

translate = QCoreApplication.translate

_FIELDS: dict[Field, object] = {
    Field.FAMILY_NAME: QT_TRANSLATE_NOOP("imports", "Etternavn"),
    Field.GIVEN_NAME: QT_TRANSLATE_NOOP("imports", "Fornavn"),
    Field.FULL_NAME: QT_TRANSLATE_NOOP("imports", "Hele navnet"),
    Field.NATIONAL_ID: QT_TRANSLATE_NOOP("imports", "Fødselsnummer"),
    Field.BIRTH_DATE: QT_TRANSLATE_NOOP("imports", "Fødselsdato"),
    Field.ADDRESS: QT_TRANSLATE_NOOP("imports", "Adresse"),
    Field.POSTAL_CODE: QT_TRANSLATE_NOOP("imports", "Postnummer"),
    Field.CITY: QT_TRANSLATE_NOOP("imports", "Poststed"),
    Field.POSTAL_LINE: QT_TRANSLATE_NOOP("imports", "Postnummer og sted"),
    Field.PHONE: QT_TRANSLATE_NOOP("imports", "Telefon"),
    Field.SEX: QT_TRANSLATE_NOOP("imports", "Kjønn"),
    Field.LEVEL: QT_TRANSLATE_NOOP("imports", "Nivå (ACT/CM)"),
    Field.LEGAL_BASIS: QT_TRANSLATE_NOOP("imports", "Hjemmel"),
    Field.GP_NAME: QT_TRANSLATE_NOOP("imports", "Fastlege"),
}

_CODES: dict[str, object] = {
    "empty": QT_TRANSLATE_NOOP("imports", "Filen er tom."),
    "not_text": QT_TRANSLATE_NOOP(
        "imports", "Filen er ikke tekst. Lagre listen som CSV og prøv igjen."
    ),
    "encoding": QT_TRANSLATE_NOOP(
        "imports", "Tegnene i filen kan ikke leses. Lagre den som CSV UTF-8 og prøv igjen."
    ),
    "no_rows": QT_TRANSLATE_NOOP("imports", "Filen har overskrifter, men ingen rader."),
    "unterminated_quote": QT_TRANSLATE_NOOP(
        "imports", "Filen slutter midt i et felt. Den er trolig kuttet; hent den på nytt."
    ),
    "bad_quoting": QT_TRANSLATE_NOOP("imports", "Anførselstegn står feil i filen."),
    "field_chosen_twice": QT_TRANSLATE_NOOP("imports", "To kolonner er valgt som det samme."),
    "name_not_chosen": QT_TRANSLATE_NOOP(
        "imports", "Velg kolonnene for etternavn og fornavn, eller for hele navnet."
    ),
    "identity_not_chosen": QT_TRANSLATE_NOOP(
        "imports", "Velg kolonnen for fødselsnummer eller fødselsdato."
    ),
    "column_count": QT_TRANSLATE_NOOP("imports", "Antallet kolonner stemmer ikke."),
    "too_few_columns": QT_TRANSLATE_NOOP("imports", "raden har for få kolonner"),
    "too_many_columns": QT_TRANSLATE_NOOP("imports", "raden har for mange kolonner"),
    "truncated_last_row": QT_TRANSLATE_NOOP("imports", "siste rad er kuttet"),
    "family_name_missing": QT_TRANSLATE_NOOP("imports", "etternavn mangler"),
    "given_name_missing": QT_TRANSLATE_NOOP("imports", "fornavn mangler"),
    "name_order_unknown": QT_TRANSLATE_NOOP(
        "imports", "navnet mangler komma mellom etternavn og fornavn"
    ),
    "value_too_long": QT_TRANSLATE_NOOP("imports", "teksten er for lang"),
    "identity_missing": QT_TRANSLATE_NOOP("imports", "både fødselsnummer og fødselsdato mangler"),
    "duplicate_in_file": QT_TRANSLATE_NOOP("imports", "samme fødselsnummer står på en annen rad"),
    "national_id_length": QT_TRANSLATE_NOOP("imports", "fødselsnummeret har ikke 11 siffer"),
    "national_id_leading_zero_lost": QT_TRANSLATE_NOOP(
        "imports", "fødselsnummeret har trolig mistet en 0 foran"
    ),
    "national_id_not_digits": QT_TRANSLATE_NOOP(
        "imports", "fødselsnummeret har andre tegn enn tall"
    ),
    "national_id_date": QT_TRANSLATE_NOOP("imports", "fødselsnummeret har en dato som ikke finnes"),
    "national_id_future_date": QT_TRANSLATE_NOOP("imports", "fødselsnummeret er fram i tid"),
    "national_id_check_digit": QT_TRANSLATE_NOOP("imports", "kontrollsifferet stemmer ikke"),
    "national_id_series_not_allowed": QT_TRANSLATE_NOOP(
        "imports", "fødselsnummeret er fra en serie som ikke brukes her"
    ),
    "birth_date_format": QT_TRANSLATE_NOOP("imports", "datoen skal skrives dd.mm.åååå"),
    "birth_date_future": QT_TRANSLATE_NOOP("imports", "fødselsdatoen er fram i tid"),
    "birth_date_differs": QT_TRANSLATE_NOOP(
        "imports", "fødselsdatoen stemmer ikke med fødselsnummeret"
    ),
    "postal_code_format": QT_TRANSLATE_NOOP("imports", "postnummeret skal ha fire siffer"),
    "phone_format": QT_TRANSLATE_NOOP("imports", "telefonnummeret kan ikke leses"),
    "sex_unknown": QT_TRANSLATE_NOOP("imports", "kjønn kan ikke leses"),
    "level_unknown": QT_TRANSLATE_NOOP("imports", "nivå kan ikke leses"),
    ALREADY_KNOWN: QT_TRANSLATE_NOOP("imports", "pasienten finnes allerede på maskinen"),
}


def field_word(field: Field | None) -> str:
    if field is None:
        return translate("imports", "(leses ikke)")
    return translate("imports", str(_FIELDS[field]))


def code_word(code: str) -> str:
    """The words of a FileError, MappingError or RowError code."""
    text = _CODES.get(code)
    return translate("imports", str(text)) if text is not None else code


def whole_file_problem(error: FileError | MappingError) -> str:
    """A sentence for a file that cannot be read, or for a choice of columns that cannot work."""
    sentence = code_word(error.code)
    if isinstance(error, FileError) and error.row is not None:
        sentence += " " + translate("imports", "Se rad {0}.").format(error.row)
    return sentence + " " + translate("imports", "Ingenting er lagret.")


def error_row(number: int, error: RowError) -> Row:
    """Name a bad row, its column and its reason."""
    where = translate("imports", "Rad {0}").format(error.row_number)
    title = f"{where}: {code_word(error.code)}"
    detail = " · ".join(part for part in (error.column, error.value_hint) if part)
    return Row(str(number), title, detail, "circle-alert", "danger")


def draft_row(number: int, draft: PatientDraft) -> Row:
    """Show how a good row will look as a patient."""
    born = day_text(draft.birth_date) if draft.birth_date else ""
    number_text = masked_id(draft.national_id)
    tags = (
        (RowTag(draft.level.value.upper()),) if draft.level and draft.level.value == "act" else ()
    )
    return Row(
        str(number),
        f"{draft.family_name}, {draft.given_name}",
        " · ".join(part for part in (number_text, born, draft.address, draft.city) if part),
        "user",
        tags=tags,
    )


def may_be_cut(preview: ImportPreview) -> bool:
    """True when the file ends as a copy does that was cut off; whole files may do so too.

    A cut within the last column leaves a row with nothing missing, so a person must look.
    """
    return preview.table.ends_open


def summary(preview: ImportPreview) -> str:
    """How many rows can be taken in and how many cannot."""
    rows = translate("imports", "{0} rader").format(preview.row_count)
    if preview.can_be_imported:
        said = translate("imports", "{0}, alle kan leses inn.").format(rows)
        if may_be_cut(preview):
            said += " " + translate(
                "imports", "Filen slutter uten linjeskift: se at den siste raden er hel."
            )
        return said
    bad = len({error.row_number for error in preview.errors})
    return translate(
        "imports",
        "{0}, {1} med feil. Rett dem i filen og velg den på nytt; ingenting leses inn før alle "
        "er i orden.",
    ).format(rows, bad)
