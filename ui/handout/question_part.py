"""The open question under a dose: why not given, what was a mistake, what has already happened."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.medication import HandoutStatus
from fieldapp.domain.reference import HandoutReference
from ui.handout.form_state import WHAT_WAS_SEEN, Ask, HandoutForm, needs_text
from ui.handout.parts import grow_with_width
from ui.typed import parse_clock
from ui.widgets import ChoiceRow, FlowLayout, FormField, PrimaryButton, SecondaryButton, Text
from ui.words import dose_text, word


class QuestionPart(QWidget):
    """Shows the question of a HandoutForm.

    Signals:
        reason_chosen(str): a reason's code.
        typed(str, str): a field of the form and its words.
        clock_changed(object): (hour, minute) or None.
        confirmed(), cancelled(): the answer.
    """

    reason_chosen = Signal(str)
    typed = Signal(str, str)
    clock_changed = Signal(object)
    confirmed = Signal()
    cancelled = Signal()

    def __init__(self, reference: HandoutReference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reference = reference
        self._shown: tuple[str, Ask | None, HandoutStatus | None] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._title = Text(parent=self, role="label")
        column.addWidget(self._title)
        self._reasons = ChoiceRow(self.tr("Årsak"), parent=self, name="reason", numbered=True)
        self._reasons.chosen.connect(lambda code: self.reason_chosen.emit(str(code)))
        column.addWidget(self._reasons)
        self._clock = self._editor("pastClock", self.tr("for eksempel 08:30"))
        self._clock.textEdited.connect(lambda text: self.clock_changed.emit(parse_clock(text)))
        self._clock_field = FormField(self.tr("Når ble dosen gitt?"), self._clock, parent=self)
        self._day = self._editor("pastDay", self.tr("i dag, eller for eksempel 21.11"))
        self._day.textEdited.connect(lambda text: self.typed.emit("past_day_text", text))
        self._day_field = FormField(self.tr("Hvilken dag gjaldt dosen?"), self._day, parent=self)
        self._dose = self._editor("pastDose", "")
        self._dose.textEdited.connect(lambda text: self.typed.emit("past_dose", text))
        self._dose_field = FormField(self.tr("Hvor mye ble gitt (mg)?"), self._dose, parent=self)
        self._words = self._editor("reasonText", "")
        self._words.textEdited.connect(lambda text: self.typed.emit("reason_text", text))
        self._words.returnPressed.connect(self.confirmed)
        self._words_field = FormField(self.tr("Med egne ord"), self._words, parent=self)
        self._contact = self._editor("prescriberContact", self.tr("navn, og hva som ble sagt"))
        self._contact.textEdited.connect(lambda text: self.typed.emit("contact", text))
        self._contact_field = FormField(
            self.tr("Rekvirent kontaktet? Skriv det før du trykker årsaken. Tomt betyr nei."),
            self._contact,
            parent=self,
        )
        for field in (self._clock_field, self._day_field, self._dose_field, self._words_field):
            field.hide()
            column.addWidget(field)
        column.addWidget(self._contact_field)
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8)
        self._confirm = PrimaryButton("", buttons, name="confirmReason")
        self._confirm.clicked.connect(self.confirmed)
        cancel = SecondaryButton(self.tr("Avbryt · Esc"), buttons, name="cancelReason")
        cancel.clicked.connect(self.cancelled)
        flow.addWidget(self._confirm)
        flow.addWidget(cancel)
        grow_with_width(buttons)
        column.addWidget(buttons)

    def show_form(self, form: HandoutForm) -> None:
        """Render the question. Words being typed are left alone."""
        shown = (form.id, form.ask, form.status)
        begins = shown != self._shown
        if begins:
            self._shown = shown
            self._begin(form)
        if form.ask is Ask.REASON:
            self._reasons.choose(form.reason)
        worded = form.ask not in (None, Ask.REASON) or needs_text(form, self._reference)
        opens = worded and (begins or self._words_field.isHidden())
        self._words_field.setVisible(worded)
        self._confirm.setVisible(worded)
        if form.ask is Ask.REASON:
            seen = form.reason in WHAT_WAS_SEEN
            self._say_words(self.tr("Hva så du?") if seen else self.tr("Årsaken med egne ord"))
        if opens and form.ask is not None:
            (self._clock if form.ask is Ask.PAST else self._words).setFocus()

    # --- within

    def _editor(self, name: str, placeholder: str) -> QLineEdit:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        editor.setPlaceholderText(placeholder)
        return editor

    def _begin(self, form: HandoutForm) -> None:
        """Another question is asked: its words, its reasons, empty fields."""
        for editor in (self._words, self._clock, self._day, self._dose, self._contact):
            editor.clear()
        past = form.ask is Ask.PAST
        for field in (self._clock_field, self._day_field, self._dose_field):
            field.setVisible(past)
        self._reasons.setVisible(form.ask is Ask.REASON)
        self._contact_field.setVisible(form.ask is Ask.REASON)
        if form.ask is Ask.REASON and form.status is not None:
            self._offer_reasons(form.status)
            self._title.setText(
                self.tr("{what}: hvorfor? Trykk tallet.").format(what=word(form.status))
            )
            self._confirm.say(self.tr("Før {what}").format(what=word(form.status).lower()))
            self._reasons.buttons()[0].setFocus()
        elif form.ask is Ask.PROPOSAL:
            self._title.setText(
                self.tr(
                    "Dette kan du ikke ta tilbake selv: det er sendt, ført av en annen, eller gitt "
                    "uten reservasjon. Teamleder avgjør, og dagen er lukket til det er svart."
                )
            )
            self._say_words(self.tr("Hva er feil, og hvordan vet du det?"))
            self._confirm.say(self.tr("Send til teamleder"))
        elif past:
            self._title.setText(
                self.tr(
                    "Registrer en dose som allerede er gitt. Den merkes som ført i etterkant, og "
                    "kan alltid registreres."
                )
            )
            self._dose.setPlaceholderText(dose_text(form.slot.dose_mg))
            self._say_words(self.tr("Hvem ga den, hvor, og hvorfor føres det nå?"))
            self._confirm.say(self.tr("Registrer som gitt"))

    def _say_words(self, label: str) -> None:
        self._words_field.label.setText(label)
        self._words.setAccessibleName(label)

    def _offer_reasons(self, status: HandoutStatus) -> None:
        reasons = self._reference.reasons[status]
        self._reasons.set_options([(reason.code, reason.text) for reason in reasons])
        for number, button in enumerate(self._reasons.buttons(), start=1):
            if number == 10:
                button.setText(f"0  {reasons[9].text}")
