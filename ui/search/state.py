"""What the search field finds: patients first, then pages and commands, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QCoreApplication

from fieldapp.domain.collation import fold
from fieldapp.services.patients import PatientRow, filter_rows
from ui.words import address_text, age_text

translate = QCoreApplication.translate

MOST_PATIENTS = 8
"""More than these are reached by typing one more letter."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the result list. `target` is a page name, or "command:lock" and the like."""

    icon: str
    title: str
    detail: str
    target: str
    patient_id: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A page or an action that can be reached by typing a part of its name."""

    icon: str
    title: str
    shortcut: str
    target: str


def commands() -> tuple[Command, ...]:
    """Everything but patients that the field finds, in the order in which it is offered."""
    return (
        Command("house", translate("search", "I dag"), "Alt+1", "today"),
        Command("users", translate("search", "Pasienter"), "Alt+2", "patients"),
        Command("pill", translate("search", "Medisinrunde"), "Alt+3", "handout"),
        Command("refresh-cw", translate("search", "Synk"), "Alt+4", "sync"),
        Command("refresh-cw", translate("search", "Synk nå"), "Ctrl+R", "command:sync"),
        Command("settings", translate("search", "Innstillinger"), "Alt+5", "settings"),
        Command("upload", translate("search", "Hent pasienter fra fil"), "", "imports"),
        Command("lock", translate("search", "Lås"), "Ctrl+L", "command:lock"),
    )


def find(
    rows: Sequence[PatientRow],
    query: str,
    today: date,
    may_open: Callable[[str], bool] = lambda target: True,
) -> list[Hit]:
    """Return what `query` finds. An empty query finds the pages and commands.

    Pages that `may_open` says no to are not offered.
    """
    wanted = fold(query)
    hits = [_patient_hit(row, today) for row in filter_rows(rows, query)[:MOST_PATIENTS]]
    if not wanted:
        hits = []
    hits += [
        Hit(command.icon, command.title, command.shortcut, command.target)
        for command in commands()
        if wanted in fold(command.title) and may_open(command.target)
    ]
    return hits


def _patient_hit(row: PatientRow, today: date) -> Hit:
    patient = row.patient
    detail = f"{age_text(patient, today)} · {address_text(patient)}".rstrip(" ·")
    return Hit("user", patient.name, detail, "patient", patient.id)
