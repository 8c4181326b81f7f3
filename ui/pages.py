"""The names of the pages and where their code lies.

Pages are named by dotted path and imported on their first visit: the window opens without them,
and a page knows another one by name alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from ui.context import AppContext
from ui.page import Page

PageFactory = Callable[[AppContext, QWidget | None], Page]

PAGES: dict[str, str] = {
    "today": "ui.today.page:TodayPage",
    "patients": "ui.patients.page:PatientsPage",
    # patient_id, tab: "overview" | "medication" | "screening" | "notes" | "contacts" (optional)
    "patient": "ui.patient.page:PatientPage",
    # patient_id, appointment_id (optional)
    "visit": "ui.visit.page:VisitPage",
    # patient_id (optional: the whole round without it)
    "handout": "ui.handout.page:HandoutPage",
    # patient_id, instrument (optional: has the focus), draft_id (optional: is opened at once)
    "screening": "ui.screening.page:ScreeningPage",
    # patient_id, draft_id (optional: is opened at once)
    "rapid_test": "ui.rapid_test.page:RapidTestPage",
    "register": "ui.register.page:RegisterPage",
    "sync": "ui.sync.page:SyncPage",
    # sheet_id
    "sheets": "ui.sheets.page:SheetsPage",
    # tab: a name of ui.office.state.SECTIONS (optional)
    "office": "ui.office.page:OfficePage",
    "imports": "ui.imports.page:ImportsPage",
    "witness": "ui.witness.page:WitnessPage",
    "settings": "ui.settings.page:SettingsPage",
}


def factory(name: str) -> PageFactory:
    """Import the page called `name`. Raises KeyError for a name that is not listed above."""
    module_name, _, class_name = PAGES[name].partition(":")
    found: PageFactory = getattr(importlib.import_module(module_name), class_name)
    return found
