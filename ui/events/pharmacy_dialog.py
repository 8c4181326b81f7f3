"""Melding fra apotek: was a day's medicine collected, and who said so."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.services import pharmacy
from fieldapp.services.pharmacy import PharmacyDay, PharmacyEntry
from ui.context import AppContext
from ui.events.form import EventDialog, long_text
from ui.events.words import problem_text
from ui.widgets import ChoiceRow, Text
from ui.words import near_day

_MOST_SHOWN = 7


class PharmacyDialog(EventDialog):
    """The days that the pharmacy gives, the newest first; `day` chooses one beforehand."""

    FORM = "pharmacy_report"

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        parent: QWidget | None = None,
        *,
        day: date | None = None,
        group: str | None = None,
    ) -> None:
        super().__init__(context, patient_id, "", "", parent)
        title = self.tr("Melding fra apotek")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Skriv inn meldingen · Ctrl+Enter"))
        found = pharmacy.days(context.session, patient_id)
        self._days = {f"{one.day.isoformat()}|{one.group}": one for one in found[:_MOST_SHOWN]}
        label = self.tr("Hvilken dag gjelder meldingen?")
        options = [(key, self._day_words(one)) for key, one in self._days.items()]
        self.day = ChoiceRow(label, options, self, name="pharmacyDay", vertical=True, numbered=True)
        self.add("day", label, self.day)
        if not self._days:
            nothing = self.tr("Apoteket gir ingen av dagene de siste to ukene.")
            self.body.addWidget(Text(nothing, "warn", self))
            self.confirm_button.setEnabled(False)
        label = self.tr("Er medisinen hentet?")
        answers = (("yes", self.tr("Hentet")), ("no", self.tr("Ikke hentet")))
        self.collected = ChoiceRow(label, answers, self, name="collected")
        self.add("collected", label, self.collected)
        self.told_by = QLineEdit(self)
        self.add("told_by", self.tr("Hvem sa det? Navn og apotek"), self.told_by)
        self.note = long_text(self, 2)
        self.add("note", self.tr("Merknad"), self.note)
        unknown = self.tr(
            "En dag uten melding er ukjent. Den regnes som uten dose når dager telles, og som gitt "
            "når tiden mellom doser vurderes."
        )
        self.body.addWidget(Text(unknown, "muted", self))
        chosen = f"{day.isoformat()}|{group}" if day is not None else ""
        if chosen in self._days:
            self.day.choose(chosen)
        self.open_for_work()
        buttons = self.day.buttons()
        (buttons[0] if buttons else self.cancel_button).setFocus()

    def _day_words(self, one: PharmacyDay) -> str:
        said = self.tr("ingen melding")
        if one.report is not None:
            said = self.tr("meldt hentet") if one.report.collected else self.tr("meldt ikke hentet")
        day = near_day(one.day, self.context.session.today())
        return " · ".join((day, ", ".join(one.products), said))

    def missing(self) -> str:
        if self.day.value is None:
            return self.wrong("day", self.tr("Velg hvilken dag det gjelder."))
        if self.collected.value is None:
            return self.wrong("collected", self.tr("Svar på om medisinen er hentet."))
        if not self.told_by.text().strip():
            return self.wrong("told_by", problem_text("told_by_missing"))
        return ""

    def write(self) -> ChangeSet:
        one = self._days[str(self.day.value)]
        return pharmacy.record(
            self.context.session,
            PharmacyEntry(
                id=self.event_id,
                patient_id=self.patient_id,
                group=one.group,
                day=one.day,
                collected=self.collected.value == "yes",
                told_by=self.told_by.text(),
                note=self.note.toPlainText(),
            ),
        )
