"""Words of an opening outside the list: what was found, which reason, until when. Pure."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from fieldapp.clock import OSLO
from fieldapp.domain.access_log import AccessReason
from sync.client.access import FoundPatient
from ui import errors
from ui.widgets import Row, RowTag

translate = QCoreApplication.translate

_REFUSED: dict[str, object] = {
    "national_id": QT_TRANSLATE_NOOP(
        "access", "Et fødselsnummer har elleve siffer. Ingenting er søkt opp. Skriv alle sifrene."
    ),
    "name_and_birth_date": QT_TRANSLATE_NOOP(
        "access", "Skriv fødselsnummer, eller både navn og fødselsdato. Ingenting er søkt opp."
    ),
    "followed": QT_TRANSLATE_NOOP(
        "access",
        "Pasienten er tildelt deg. Synk, så står pasienten i listen din. Ingenting er endret.",
    ),
    "words_missing": QT_TRANSLATE_NOOP(
        "access", "Skriv hvorfor du må åpne pasienten. Ingenting er åpnet."
    ),
}

_REASONS: dict[str, object] = {
    "ETREAT": QT_TRANSLATE_NOOP("access", "Øyeblikkelig hjelp"),
    "BTG": QT_TRANSLATE_NOOP("access", "Annen tungtveiende grunn"),
    "TREAT": QT_TRANSLATE_NOOP("access", "Behandling"),
}


def reason_word(code: str) -> str:
    """The word for a reason; one of a newer version is shown as it is."""
    text = _REASONS.get(code)
    return code if text is None else translate("access", str(text))


def reasons(etreat_hours: int = 24, btg_hours: int = 8) -> list[tuple[AccessReason, str]]:
    """The two reasons that one chooses between, with what each brings by the rules."""
    return [
        (
            AccessReason.ETREAT,
            translate("access", "Øyeblikkelig hjelp: på listen i {0} timer").format(etreat_hours),
        ),
        (
            AccessReason.BTG,
            translate("access", "Annen tungtveiende grunn: på listen i {0} timer").format(
                btg_hours
            ),
        ),
    ]


def found_row(found: FoundPatient) -> Row:
    """Name and year of birth, no more than it takes to know whom one has found."""
    year = translate("access", "ukjent fødselsår")
    if found.birth_year is not None:
        year = translate("access", "født {0}").format(found.birth_year)
    mine = RowTag(translate("access", "På listen din"), "ok", "check")
    return Row(
        id=found.patient_id,
        title=found.name,
        detail=year,
        icon="user",
        tags=(mine,) if found.followed else (),
    )


def until_text(until: datetime) -> str:
    """The moment at which the access ends, in Norway."""
    return f"{until.astimezone(OSLO):%d.%m. %H:%M}"


def refused_text(error: BaseException) -> str:
    """Why the server did not do it, and that nothing was opened."""
    code = errors.code_for(error)
    if code == "bad_request":
        text = _REFUSED.get(str(error.args[0]) if error.args else "")
        if text is not None:
            return translate("access", str(text))
    return errors.sentence(code)
