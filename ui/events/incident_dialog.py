"""Write down that a dose was lost, vomited, spilt or brought back. It opens no day."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.handout_events import IncidentType
from fieldapp.services import incidents
from fieldapp.services.incidents import DoseView, IncidentEntry
from ui.context import AppContext
from ui.events.form import AdviceLine, Checks, EventDialog, When, long_text
from ui.events.words import incident_word, problem_text
from ui.widgets import ChoiceRow, FormField, Text
from ui.words import dose_text, near_day

_MOST_SHOWN = 5


class IncidentDialog(EventDialog):
    """`administration_id` ticks one dose beforehand; without it the person ticks."""

    FORM = "dose_incident"

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        parent: QWidget | None = None,
        *,
        administration_id: str | None = None,
    ) -> None:
        super().__init__(context, patient_id, "", "", parent, subject=administration_id or "")
        title = self.tr("Hva skjedde med dosen?")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Skriv inn hendelsen · Ctrl+Enter"))
        kinds = [(kind.value, incident_word(kind)) for kind in IncidentType]
        self.type = ChoiceRow(self.tr("Hva skjedde?"), kinds, self, name="incident", numbered=True)
        self.add("type", self.tr("Hva skjedde?"), self.type)
        self.doses = self._dose_checks(administration_id)
        self.when = When(context.session.clock.now(), "when", self)
        self.when_field = FormField(self.tr("Når?"), self.when, parent=self)
        self.keep("day", self.when.day)
        self.keep("clock", self.when.clock)
        self.body.addWidget(self.when_field)
        self.minutes = QLineEdit(self)
        self.minutes_field = self.add(
            "minutes", self.tr("Minutter etter dosen"), self.minutes, self.tr("Bare tallet.")
        )
        answers = (("yes", self.tr("Ja, jeg så det")), ("no", self.tr("Nei")))
        self.witnessed = ChoiceRow(self.tr("Så noen det?"), answers, self, name="witnessed")
        self.witnessed_field = self.add("witnessed", self.tr("Så noen det?"), self.witnessed)
        self.advice = AdviceLine(self)
        self.body.addWidget(self.advice)
        self.contact = QLineEdit(self)
        self.add(
            "contact",
            self.tr("Rekvirent: hvem og hva ble sagt"),
            self.contact,
            self.tr("Tomt hvis ingen er kontaktet ennå."),
        )
        self.words = long_text(self)
        self.add("text", self.tr("Hva skjedde, og hva gjorde dere?"), self.words)
        ask = (("yes", self.tr("Ja, spør kontoret")), ("no", self.tr("Nei")))
        label = self.tr("Skal kontoret vurdere å åpne dagene igjen?")
        self.ask = ChoiceRow(label, ask, self, name="askToOpen")
        self.ask_field = self.add("ask", label, self.ask)
        stays = self.tr(
            "Dagen åpnes ikke av dette. Skal pasienten ha ny dose nå, er det en nødutdeling."
        )
        self.body.addWidget(Text(stays, "muted", self))
        self.open_for_work()
        self.type.buttons()[0].setFocus()

    def _dose_checks(self, administration_id: str | None) -> Checks:
        found = incidents.doses(self.context.session, self.patient_id)
        one = [view for view in found if view.event.id == administration_id]
        shown = [*one, *(view for view in found if view not in one)][:_MOST_SHOWN]
        label = self.tr("Hvilke doser gjelder det?")
        checks = Checks(label, [(view.event.id, self._dose_words(view)) for view in shown], self)
        if administration_id in checks.boxes:
            checks.boxes[administration_id].setChecked(True)
        self.doses_field = FormField(label, checks, parent=self)
        self.body.addWidget(self.doses_field)
        for event_id, box in checks.boxes.items():
            self.keep(f"dose:{event_id}", box)
        if not shown:
            nothing = self.tr("Ingen dose er ført på denne maskinen de siste ukene.")
            self.body.addWidget(Text(nothing, "warn", self))
        return checks

    def _dose_words(self, view: DoseView) -> str:
        event = view.event
        day = near_day(event.day, self.context.session.today())
        clock = f"{event.given_at.astimezone(OSLO):%H:%M}"
        parts = []
        if event.dose_mg is not None:
            parts.append(dose_text(event.dose_mg, event.dose_ml))
        parts.append(view.product)
        if event.take_home is not None:
            given = self.tr("ta med hjem, for {day}").format(day=day)
        else:
            given = self.tr("{day} kl. {clock}").format(day=day, clock=clock)
        return " · ".join(part for part in (given, *parts, view.author_name) if part)

    def changed(self) -> None:
        kind = self._type()
        came_up = kind is IncidentType.VOMITED
        self.minutes_field.setVisible(came_up)
        self.witnessed_field.setVisible(came_up)
        self.ask_field.setVisible(kind in (IncidentType.RETURNED, IncidentType.LOST))
        if kind is None:
            self.advice.show_advice(None)
            return
        shown = incidents.advice(
            self.context.session, kind, self.doses.chosen(), self._minutes(), self._witnessed()
        )
        if came_up and self._witnessed() is None:
            shown = None
        self.advice.show_advice(shown)

    def missing(self) -> str:
        if self._type() is None:
            return self.wrong("type", self.tr("Velg hva som skjedde."))
        if not self.doses.chosen():
            self.doses_field.say_problem(problem_text("doses_missing"))
            self.doses.setFocus()
            return problem_text("doses_missing")
        self.doses_field.say_problem("")
        if self.when.moment() is None:
            self.when_field.say_problem(self.tr("Skriv tiden som TT:MM."))
            self.when.clock.setFocus()
            return self.tr("Skriv tiden som TT:MM.")
        self.when_field.say_problem("")
        if self._type() is IncidentType.VOMITED:
            if self.minutes.text().strip() and self._minutes() is None:
                return self.wrong("minutes", problem_text("minutes_wrong"))
            if self._witnessed() is None:
                return self.wrong("witnessed", self.tr("Svar på om noen så det."))
        return ""

    def write(self) -> ChangeSet:
        kind = self._type()
        assert kind is not None
        came_up = kind is IncidentType.VOMITED
        return incidents.record(
            self.context.session,
            IncidentEntry(
                id=self.event_id,
                patient_id=self.patient_id,
                type=kind,
                administration_ids=self.doses.chosen(),
                happened_at=self.when.moment(),
                minutes_after_dose=self._minutes() if came_up else None,
                witnessed=self._witnessed() if came_up else None,
                prescriber_contact=self.contact.text(),
                text=self.words.toPlainText(),
                ask_to_open=self.ask.value == "yes",
            ),
        )

    def _type(self) -> IncidentType | None:
        value = self.type.value
        return IncidentType(str(value)) if value else None

    def _minutes(self) -> int | None:
        words = self.minutes.text().strip()
        return int(words) if words.isdecimal() and len(words) <= 4 else None

    def _witnessed(self) -> bool | None:
        return {"yes": True, "no": False}.get(str(self.witnessed.value))
