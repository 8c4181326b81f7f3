"""Plan a visit: for whom, when, how, why and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QCoreApplication, QDate, QStringListModel, Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QDateEdit, QLineEdit, QWidget

from fieldapp.domain.visits import VisitError, VisitKind
from fieldapp.errors import FieldAppError
from fieldapp.services import patients, visits
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import ChoiceRow, Dialog, FormField
from ui.words import word


class PlanVisitDialog(Dialog):
    """Opens with today's date, oneself as the person and a home visit; `patient_id` is preset
    when the dialog belongs to a patient's page. Announces the change set when it is saved."""

    def __init__(
        self, context: AppContext, parent: QWidget | None = None, *, patient_id: str | None = None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Planlegg besøk"))
        self.title.setText(self.tr("Planlegg besøk"))
        self.confirm_button.say(self.tr("Legg i planen"))
        self._context = context
        rows = patients.rows(context.session)
        self.patient = _combo([(row.patient.id, row.patient.name) for row in rows], self)
        _make_searchable(self.patient)
        self.patient.setCurrentIndex(-1)
        self.patient_field = FormField(self.tr("Pasient"), self.patient, parent=self)
        self.day = QDateEdit(self)
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("dd.MM.yyyy")
        today = context.session.today()
        self.day.setDate(QDate(today.year, today.month, today.day))
        self.time = QLineEdit(self)
        self.time.setPlaceholderText(self.tr("TT:MM, kan stå tomt"))
        self.time_field = FormField(self.tr("Klokkeslett"), self.time, parent=self)
        kinds = [(kind, word(kind)) for kind in VisitKind]
        self.kind = ChoiceRow(self.tr("Form"), kinds, self, name="visitKind")
        self.kind.choose(VisitKind.HOME)
        self.purpose = QLineEdit(self)
        self.purpose.setPlaceholderText(self.tr("For eksempel: medisin og samtale"))
        staff = visits.staff(context.session)
        self.person = _combo([(person.id, person.name) for person in staff], self)
        self.person.setCurrentIndex(self.person.findData(context.session.user.id))
        for field in (
            self.patient_field,
            FormField(self.tr("Dag"), self.day, parent=self),
            self.time_field,
            FormField(self.tr("Form"), self.kind, parent=self),
            FormField(self.tr("Hensikt"), self.purpose, parent=self),
            FormField(self.tr("Hvem drar"), self.person, parent=self),
        ):
            self.body.addWidget(field)
        self.body.addStretch(1)
        if patient_id is not None:
            self.patient.setCurrentIndex(self.patient.findData(patient_id))
            self.patient.setEnabled(False)
        (self.time if patient_id is not None else self.patient).setFocus()

    def check(self) -> str:
        """Save; what stands in the way is said in the dialog, which then stays open."""
        patient_id = self._chosen_patient()
        if patient_id is None:
            self.patient_field.say_problem(self.tr("Velg en pasient fra listen."))
            return self.tr("Velg hvem besøket gjelder.")
        self.patient_field.say_problem("")
        kind = self.kind.value
        day = self.day.date()
        try:
            changes = visits.plan(
                self._context.session,
                patient_id,
                _python_day(day),
                self.time.text().strip() or None,
                kind if isinstance(kind, VisitKind) else VisitKind.HOME,
                self.purpose.text(),
                self.person.currentData(),
            )
        except (VisitError, FieldAppError) as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def _chosen_patient(self) -> str | None:
        """The patient whose name stands in the field, chosen or typed in full."""
        number = self.patient.findText(self.patient.currentText(), Qt.MatchFlag.MatchFixedString)
        return None if number < 0 else str(self.patient.itemData(number))


def _python_day(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())


def _combo(entries: Sequence[tuple[str, str]], parent: QWidget) -> QComboBox:
    combo = QComboBox(parent)
    for value, text in entries:
        combo.addItem(text, value)
    return combo


def _make_searchable(combo: QComboBox) -> None:
    """Let any part of a name find its entry."""
    combo.setEditable(True)
    combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    line = combo.lineEdit()
    if line is not None:
        line.setAccessibleName(QCoreApplication.translate("today", "Pasient"))
    names = [combo.itemText(number) for number in range(combo.count())]
    completer = QCompleter(QStringListModel(names, combo), combo)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    combo.setCompleter(completer)
