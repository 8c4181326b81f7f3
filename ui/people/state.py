"""Who has a store on this laptop. Pure; light enough to be painted before the libraries load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from fieldapp.clock import OSLO
from ui.widgets import Row

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Known:
    """A person with a store of their own here. Nothing inside it is known to anybody else."""

    username: str
    last_used: datetime | None = None


def person_row(person: Known, now: datetime) -> Row:
    """Name and when the store was last written. How much is unsent is not readable from here."""
    return Row(
        person.username,
        person.username,
        translate("people", "Sist brukt: {0}").format(_day(person.last_used, now)),
        icon="user",
        icon_tone="accent",
    )


def _day(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return translate("people", "aldri")
    local = moment.astimezone(OSLO)
    days = (now.astimezone(OSLO).date() - local.date()).days
    if days <= 0:
        return translate("people", "i dag {0}").format(f"{local:%H:%M}")
    if days == 1:
        return translate("people", "i går {0}").format(f"{local:%H:%M}")
    return f"{local.day}.{local.month}.{local.year}"
