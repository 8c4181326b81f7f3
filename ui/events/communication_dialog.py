"""Write down a contact with a prescriber about the medicine."""

from __future__ import annotations

from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.handout_events import CommunicationTopic
from fieldapp.services import communications
from fieldapp.services.communications import CommunicationEntry
from ui.context import AppContext
from ui.events.form import EventDialog, When, long_text
from ui.events.words import problem_text, topic_word
from ui.widgets import ChoiceRow, FormField


class CommunicationDialog(EventDialog):
    """`topic` is chosen beforehand where the page that opens it knows."""

    FORM = "communication"

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        parent: QWidget | None = None,
        *,
        topic: CommunicationTopic | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(context, patient_id, "", "", parent)
        title = self.tr("Kontakt med rekvirent")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Skriv inn kontakten · Ctrl+Enter"))
        self._request_id = request_id
        label = self.tr("Hva gjaldt det?")
        topics = [(one.value, topic_word(one)) for one in CommunicationTopic]
        self.topic = ChoiceRow(label, topics, self, name="topic", numbered=True)
        if topic is not None:
            self.topic.choose(topic.value)
        self.add("topic", label, self.topic)
        known = communications.prescribers(context.session, patient_id)
        self.contacted = QLineEdit(self)
        self.contacted.setCompleter(QCompleter(known, self.contacted))
        help_text = self.tr("I listen: {names}").format(names=", ".join(known)) if known else ""
        label = self.tr("Hvem? Navn og rolle")
        self.add("contacted", label, self.contacted, help_text)
        label = self.tr("Fikk du svar?")
        answers = (("yes", self.tr("Ja, fikk svar")), ("no", self.tr("Nei, fikk ikke tak i noen")))
        self.reached = ChoiceRow(label, answers, self, name="reached")
        self.add("reached", label, self.reached)
        self.when = When(context.session.clock.now(), "when", self)
        self.when_field = FormField(self.tr("Når?"), self.when, parent=self)
        self.keep("day", self.when.day)
        self.keep("clock", self.when.clock)
        self.body.addWidget(self.when_field)
        self.words = long_text(self, 4)
        self.add("text", self.tr("Hva ble sagt og bestemt?"), self.words)
        self.open_for_work()
        (self.topic.buttons()[0] if topic is None else self.contacted).setFocus()

    def missing(self) -> str:
        if self.topic.value is None:
            return self.wrong("topic", self.tr("Velg hva det gjaldt."))
        if not self.contacted.text().strip():
            return self.wrong("contacted", problem_text("contacted_missing"))
        if self.reached.value is None:
            return self.wrong("reached", self.tr("Svar på om du fikk svar."))
        if self.when.moment() is None:
            self.when_field.say_problem(self.tr("Skriv tiden som TT:MM."))
            self.when.clock.setFocus()
            return self.tr("Skriv tiden som TT:MM.")
        self.when_field.say_problem("")
        if self.reached.value == "yes" and not self.words.toPlainText().strip():
            return self.wrong("text", problem_text("text_missing"))
        return ""

    def write(self) -> ChangeSet:
        return communications.record(
            self.context.session,
            CommunicationEntry(
                id=self.event_id,
                patient_id=self.patient_id,
                topic=CommunicationTopic(str(self.topic.value)),
                contacted=self.contacted.text(),
                reached=self.reached.value == "yes",
                text=self.words.toPlainText(),
                happened_at=self.when.moment(),
                request_id=self._request_id,
            ),
        )
