"""What happens around a handout, written down in dialogs; and how other pages open them.

Each function opens a dialog over `parent` (a widget inside the page, so that it goes when the
window locks) and returns it. What is typed in any of them is kept as a draft.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtWidgets import QWidget

from fieldapp.domain.handout_events import CommunicationTopic
from fieldapp.domain.notes import Draft
from fieldapp.services import adverse_events, incidents
from fieldapp.services.session import NotFoundError
from ui.context import AppContext
from ui.events.communication_dialog import CommunicationDialog
from ui.events.deviation_dialog import DeviationDialog
from ui.events.form import SUBJECT, EventDialog
from ui.events.incident_dialog import IncidentDialog
from ui.events.naloxone_dialog import NaloxoneDialog
from ui.events.overdose_dialog import OverdoseDialog
from ui.events.pharmacy_dialog import PharmacyDialog

FORMS: Final = frozenset(
    {
        IncidentDialog.FORM,
        PharmacyDialog.FORM,
        CommunicationDialog.FORM,
        NaloxoneDialog.FORM,
        OverdoseDialog.FORM,
        DeviationDialog.FORM,
    }
)
"""The forms of drafts that are dialogs here; see `resume`."""


def open_incident(context: AppContext, parent: QWidget, administration_id: str) -> IncidentDialog:
    """A dose was lost, vomited, spilt or brought back. Raises NotFoundError."""
    dose = incidents.dose(context.session, administration_id)
    if dose is None:
        raise NotFoundError(administration_id)
    dialog = IncidentDialog(context, dose.patient_id, parent, administration_id=administration_id)
    dialog.open()
    return dialog


def open_patient_incident(context: AppContext, parent: QWidget, patient_id: str) -> IncidentDialog:
    """As `open_incident`; the person ticks which doses."""
    dialog = IncidentDialog(context, patient_id, parent)
    dialog.open()
    return dialog


def open_pharmacy_report(
    context: AppContext,
    parent: QWidget,
    patient_id: str,
    *,
    day: date | None = None,
    group: str | None = None,
) -> PharmacyDialog:
    """Melding fra apotek, about a day where the caller knows it."""
    dialog = PharmacyDialog(context, patient_id, parent, day=day, group=group)
    dialog.open()
    return dialog


def open_prescriber_contact(
    context: AppContext,
    parent: QWidget,
    patient_id: str,
    *,
    topic: CommunicationTopic | None = None,
    request_id: str | None = None,
) -> CommunicationDialog:
    """A contact with a prescriber."""
    dialog = CommunicationDialog(context, patient_id, parent, topic=topic, request_id=request_id)
    dialog.open()
    return dialog


def open_naloxone(context: AppContext, parent: QWidget, patient_id: str) -> NaloxoneDialog:
    """Naloxone kits handed over."""
    dialog = NaloxoneDialog(context, patient_id, parent)
    dialog.open()
    return dialog


def open_overdose(
    context: AppContext, parent: QWidget, patient_id: str, event_id: str | None = None
) -> OverdoseDialog:
    """A new overdose, or the follow-up of a known one. Raises NotFoundError."""
    event = adverse_events.get(context.session, event_id) if event_id is not None else None
    dialog = OverdoseDialog(context, patient_id, parent, event=event)
    dialog.open()
    return dialog


def open_deviation(
    context: AppContext,
    parent: QWidget,
    patient_id: str,
    *,
    administration_id: str | None = None,
    type_code: str | None = None,
) -> DeviationDialog:
    """A deviation report as text; `type_code` is one of `fieldapp.services.deviation.types`."""
    dialog = DeviationDialog(
        context, patient_id, parent, administration_id=administration_id, type_code=type_code
    )
    dialog.open()
    return dialog


def resume(context: AppContext, parent: QWidget, draft: Draft) -> EventDialog | None:
    """Go on with a draft whose form is one of `FORMS`; None for any other. Raises NotFoundError."""
    subject = str(draft.body.get(SUBJECT, "")) or None
    patient_id = draft.patient_id
    if draft.form == IncidentDialog.FORM:
        if subject is not None:
            return open_incident(context, parent, subject)
        return open_patient_incident(context, parent, patient_id)
    if draft.form == PharmacyDialog.FORM:
        return open_pharmacy_report(context, parent, patient_id)
    if draft.form == CommunicationDialog.FORM:
        return open_prescriber_contact(context, parent, patient_id)
    if draft.form == NaloxoneDialog.FORM:
        return open_naloxone(context, parent, patient_id)
    if draft.form == OverdoseDialog.FORM:
        return open_overdose(context, parent, patient_id, subject)
    if draft.form == DeviationDialog.FORM:
        return open_deviation(context, parent, patient_id, administration_id=subject)
    return None
