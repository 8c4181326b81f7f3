""" "Åpne pasient utenfor listen": find, say why, and the patient comes with the next sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from fieldapp.domain.access_log import AccessReason
from fieldapp.errors import FieldAppError
from fieldapp.services import patients, registration, rules
from fieldapp.services.session import NotFoundError
from sync.client.access import (
    FindPatientRequest,
    FoundAnswer,
    FoundPatient,
    OpenedAnswer,
    OpenPatientRequest,
)
from ui import theme
from ui.access.desk import AccessDesk, over_http
from ui.access.state import found_row, reasons, refused_text, until_text
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import (
    Banner,
    ChoiceRow,
    Dialog,
    FormField,
    QuietButton,
    RowList,
    Text,
    row_of,
)

T = TypeVar("T")


class OpenOthersDialog(Dialog):
    """Attributes: `national_id`, `name`, `birth_date`, `found`, `reason`, `words`.

    The first press finds, the second opens. What is typed stays when the server does not answer.
    """

    def __init__(
        self,
        context: AppContext,
        parent: QWidget | None = None,
        *,
        prepare: Callable[[], AccessDesk] | None = None,
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Åpne pasient utenfor listen")
        self.setWindowTitle(title)
        self.title.setText(title)
        self._context = context
        self._prepare = prepare or over_http(context.session)
        self._people: dict[str, FoundPatient] = {}
        self._asking = False
        self._opened: str | None = None
        self._opening_ids: dict[str, str] = {}
        """By patient: one opening of each, however often the button is pressed on a bad line."""
        self._build()
        self._show_step()
        context.sync.finished.connect(self._on_synced)
        self.national_id.setFocus()

    # --- building

    def _build(self) -> None:
        self._about = Banner("", "neutral", self)
        self._about.say(
            self.tr(
                "Bare når du trenger journalen for å gi helsehjelp. Det logges hva du åpner, når "
                "og hvorfor. Lederen ser gjennom åpningene, og pasienten kan få se loggen."
            ),
            "neutral",
        )
        self.body.addWidget(self._about)
        self._search = QWidget(self)
        self.national_id = self._line("othersNationalId")
        self.name = self._line("othersName")
        self.birth_date = self._line("othersBirthDate")
        self._fields = [
            FormField(self.tr("Fødselsnummer (11 siffer)"), self.national_id, parent=self),
            Text(self.tr("Eller navn og fødselsdato:"), "muted", self),
            FormField(self.tr("Navn"), self.name, parent=self),
            FormField(self.tr("Fødselsdato (dd.mm.åååå)"), self.birth_date, parent=self),
        ]
        for field in self._fields:
            self.body.addWidget(field)
        self.found = RowList(self.tr("Funnet"), self)
        self.found.setObjectName("othersFound")
        self.found.current_id_changed.connect(self._show_step)
        self.body.addWidget(self.found)
        self._nobody = Text("", "warn", self)
        self.body.addWidget(self._nobody)
        self.again = QuietButton(self.tr("Søk på nytt"), self, icon="search", name="othersAgain")
        self.again.clicked.connect(self._search_anew)
        self.body.addLayout(row_of(self.again, None))
        decided = rules.decided(self._context.session)
        self.reason = ChoiceRow(
            self.tr("Hvorfor åpner du?"),
            reasons(decided.etreat_hours, decided.btg_hours),
            self,
            name="othersReason",
            vertical=True,
        )
        self.reason.chosen.connect(self._show_step)
        self._reason_label = Text(self.tr("Hvorfor åpner du?"), "label", self)
        self.body.addWidget(self._reason_label)
        self.body.addWidget(self.reason)
        self.words = QPlainTextEdit(self)
        self.words.setObjectName("othersWords")
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(theme.current().pixels(96))
        self.words_field = FormField(self.tr("Med egne ord"), self.words, parent=self)
        self.body.addWidget(self.words_field)
        self._done = Banner("", "ok", self)
        self._done.setObjectName("othersDone")
        self.body.addWidget(self._done)
        self.body.addStretch(1)

    def _line(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.textEdited.connect(self._forget_nobody)
        return field

    # --- what is shown

    @Slot()
    def _search_anew(self) -> None:
        """Back to the fields, as they were filled in; what was typed as the reason stays too."""
        self._people = {}
        self._nobody.setText("")
        self.found.set_rows([])
        self.problem.say("")
        self._show_step()
        self.national_id.setFocus()

    @Slot()
    def _forget_nobody(self) -> None:
        """Other words are another search."""
        if self._nobody.text():
            self._nobody.setText("")
            self._show_step()

    @Slot()
    def _show_step(self) -> None:
        chosen = self._chosen
        opened = self._opened is not None
        searching = not self._people and not opened
        for field in self._fields:
            field.setVisible(searching)
        for part in (self.found, self.again):
            part.setVisible(bool(self._people) and not opened)
        self._nobody.setVisible(bool(self._nobody.text()) and not opened)
        opening = chosen is not None and not chosen.followed and not opened
        for widget in (self._reason_label, self.reason, self.words_field):
            widget.setVisible(opening)
        needed = self.reason.value is AccessReason.BTG
        label = self.tr("Med egne ord (må fylles ut)") if needed else self.tr("Med egne ord")
        self.words_field.label.setText(label)
        self.confirm_button.say(self.tr("Åpne pasienten") if chosen else self.tr("Søk"))
        self.confirm_button.setVisible(not opened)
        self.cancel_button.say(self.tr("Lukk") if opened else self.tr("Avbryt"))
        self._about.setVisible(not opened)
        self._fit_soon()

    @property
    def _chosen(self) -> FoundPatient | None:
        return self._people.get(self.found.current_id or "")

    # --- what the person does

    def try_accept(self) -> None:
        """Find first; then open whoever is marked."""
        if self._asking or self._opened is not None:
            return
        self.problem.say("")
        self.words_field.say_problem("")
        if self._chosen is None:
            self._find()
        else:
            self._open(self._chosen)

    def _find(self) -> None:
        typed = self.birth_date.text().strip()
        born = registration.read_day(typed)
        if typed and born is None:
            self.birth_date.setFocus()
            self._say(self.tr("Skriv fødselsdatoen som 31.12.1980. Ingenting er søkt opp."))
            return
        request = FindPatientRequest(
            national_id=self.national_id.text().strip(),
            name=self.name.text().strip(),
            birth_date=born,
        )
        self._ask(lambda desk: desk.find(request), self._show_found)

    def _show_found(self, answer: FoundAnswer) -> None:
        self._people = {one.patient_id: one for one in answer.patients}
        self.found.set_rows([found_row(one) for one in answer.patients], select_first=True)
        self.found.fit_height()
        said = "" if answer.patients else self.tr("Ingen funnet. Kontroller det du har skrevet.")
        if answer.more:
            said = self.tr("Det er flere enn dem som vises. Skriv mer av navnet.")
        self._nobody.setText(said)
        self._show_step()
        if answer.patients:
            self.found.setFocus()

    def _open(self, chosen: FoundPatient) -> None:
        if chosen.followed:
            self.accept()
            self._context.navigate("patient", patient_id=chosen.patient_id)
            return
        reason, words = self.reason.value, self.words.toPlainText().strip()
        if not isinstance(reason, AccessReason):
            self.reason.buttons()[0].setFocus()
            self._say(self.tr("Velg hvorfor du åpner. Ingenting er åpnet."))
            return
        if reason.needs_words and not words:
            self.words.setFocus()
            self.words_field.say_problem(
                self.tr("Skriv hvorfor du må åpne pasienten. Ingenting er åpnet.")
            )
            self._fit_soon()
            self._reveal_soon()
            return
        opening_id = self._opening_ids.setdefault(chosen.patient_id, self._context.session.new_id())
        request = OpenPatientRequest(
            id=opening_id, patient_id=chosen.patient_id, reason=reason, words=words
        )

        def done(answer: OpenedAnswer) -> None:
            self._opened = chosen.patient_id
            self._done.say(
                self.tr(
                    "Åpnet. {0} hentes nå og ligger på listen din til {1}. Deretter tas pasienten "
                    "av maskinen av seg selv. Det du fører, blir på serveren."
                ).format(chosen.name, until_text(answer.until)),
                "ok",
            )
            self._show_step()
            self.cancel_button.setFocus()
            self._context.sync.sync_now()

        self._ask(lambda desk: desk.open(request), done)

    @Slot(object)
    def _on_synced(self, report: object) -> None:
        """The patient has come: show them, unless the dialog was closed meanwhile."""
        del report
        if self._opened is None:
            return
        try:
            patients.page(self._context.session, self._opened)
        except NotFoundError:
            return
        self.accept()
        self._context.navigate("patient", patient_id=self._opened)

    # --- asking

    def _ask(self, call: Callable[[AccessDesk], T], on_done: Callable[[T], None]) -> None:
        try:
            desk = self._prepare()
        except FieldAppError as error:
            self._say(sentence_for(error))
            return
        # The button stays as it is: a button that is switched off gives the focus away.
        self._asking = True

        def done(answer: T) -> None:
            self._asking = False
            on_done(answer)

        def failed(error: BaseException) -> None:
            self._asking = False
            self._say(refused_text(error))

        self._context.tasks.run(lambda: call(desk), done, failed)

    def _say(self, words: str) -> None:
        self.problem.say(words, "danger")
        self._fit_soon()
