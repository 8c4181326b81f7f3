"""Pasienter og ansatte: who follows whom, and patients given, taken and moved."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from sync.client.office_messages import (
    PAGE_SIZE,
    AssignRequest,
    Follower,
    OfficeService,
    PatientRow,
    PatientsAnswer,
    PatientsRequest,
    PeopleAnswer,
    UnassignRequest,
)
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.order_words import claim_line
from ui.office.state import page_text, patient_row, person_text, who_text
from ui.office.tab import OfficeTab
from ui.widgets import (
    Banner,
    Card,
    ConfirmDialog,
    DangerButton,
    EmptyState,
    FlowLayout,
    FormField,
    PrimaryButton,
    Row,
    RowList,
    RowTag,
    SearchField,
    SecondaryButton,
    Text,
    row_of,
)


class PatientsTab(OfficeTab):
    """Search at the left, the chosen patient's followers and what can be done at the right."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Pasienter og ansatte"))
        self._rows: dict[str, PatientRow] = {}
        self._page = 0
        self._wanted_person = ""
        self.add_columns([self._list_card()], self._detail_card(), shares=(3, 2))
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self._go_to_search)

    def load(self) -> None:
        self.read(lambda service: service.people(), self._show_people, "people")
        self._search()

    def focus_first(self) -> None:
        self.search.setFocus()

    def show_id(self, wanted: str) -> None:
        """Have this member of staff chosen to give patients to."""
        self._wanted_person = wanted
        self._choose_wanted()

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Pasienter"), self)
        self.search = SearchField(self.tr("Søk etter navn eller nummer"), card)
        self.search.searched.connect(self._search_anew)
        self.search.down_pressed.connect(self._go_to_list)
        card.body.addWidget(self.search)
        self.rows = RowList(self.tr("Pasienter"), card)
        self.rows.setObjectName("officePatients")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState("search", self.tr("Ingen pasienter passer med søket"), "", card)
        self._none.hide()
        card.body.addWidget(self._none)
        self._count = Text("", "small", card, wrap=False)
        self.before = SecondaryButton(self.tr("Forrige"), card, name="patientsBefore")
        self.before.setAccessibleName(self.tr("Forrige side"))
        self.after = SecondaryButton(self.tr("Neste"), card, name="patientsAfter")
        self.after.setAccessibleName(self.tr("Neste side"))
        self.before.clicked.connect(lambda: self._turn(-1))
        self.after.clicked.connect(lambda: self._turn(1))
        card.body.addLayout(row_of(self._count, None, self.before, self.after))
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._who = Text("", "muted", card)
        card.body.addWidget(self._who)
        card.body.addWidget(Text(self.tr("Følges av"), "label", card))
        self.followers = RowList(self.tr("Følges av"), card)
        self.followers.setObjectName("officeFollowers")
        self.followers.current_id_changed.connect(self._show_acts)
        card.body.addWidget(self.followers)
        self._nobody = Banner("", "warn", card)
        card.body.addWidget(self._nobody)
        self.claims = Banner("", "accent", card)
        self.claims.setObjectName("officeClaims")
        card.body.addWidget(self.claims)
        self.person = QComboBox(card)
        self.person.setObjectName("officePerson")
        self.person.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.person.setMinimumContentsLength(8)
        self.person.setPlaceholderText(self.tr("Velg ansatt"))
        self.person.currentIndexChanged.connect(self._show_acts)
        card.body.addWidget(FormField(self.tr("Ansatt"), self.person, parent=card))
        self.primary = QCheckBox(self.tr("Som hovedansvarlig"), card)
        self.primary.setObjectName("officePrimary")
        card.body.addWidget(self.primary)
        self.give = PrimaryButton(self.tr("Tildel"), card, icon="user-plus", name="patientGive")
        self.move_button = SecondaryButton("", card, icon="arrow-right", name="patientMove")
        self.take = DangerButton("", card, icon="x", name="patientTake")
        self.give.clicked.connect(self._give)
        self.move_button.clicked.connect(self._move)
        self.take.clicked.connect(self._take)
        acts = FlowLayout(None, 8)
        for button in (self.give, self.move_button, self.take):
            acts.addWidget(button)
        card.body.addLayout(acts)
        card.hide()
        return card

    # --- what is shown

    @property
    def chosen(self) -> PatientRow | None:
        return self._rows.get(self.rows.current_id or "")

    @property
    def follower(self) -> Follower | None:
        """The follower who is chosen in the list."""
        row, wanted = self.chosen, self.followers.current_id
        if row is None:
            return None
        return next((one for one in row.followers if one.user_id == wanted), None)

    def _show_people(self, answer: PeopleAnswer) -> None:
        kept = self.person.currentData()
        self.person.blockSignals(True)
        self.person.clear()
        for person in answer.people:
            if person.active:
                self.person.addItem(person_text(person), person.user_id)
        self.person.setCurrentIndex(self.person.findData(kept))
        self.person.blockSignals(False)
        self._choose_wanted()
        self._show_acts()

    def _choose_wanted(self) -> None:
        number = self.person.findData(self._wanted_person)
        if self._wanted_person and number >= 0:
            self._wanted_person = ""
            self.person.setCurrentIndex(number)

    def _show(self, answer: PatientsAnswer) -> None:
        self._rows = {row.patient.id: row for row in answer.patients}
        self.rows.set_rows([patient_row(row) for row in answer.patients], select_first=True)
        self.rows.setVisible(bool(answer.patients))
        self.rows.fit_height(7)
        self._none.setVisible(not answer.patients)
        self._count.setText(page_text(answer.page, PAGE_SIZE, len(answer.patients), answer.total))
        self.before.setVisible(answer.page > 0)
        self.after.setVisible((answer.page + 1) * PAGE_SIZE < answer.total)
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        row = self.chosen
        self._card.setVisible(row is not None)
        if row is None:
            return
        self._card.heading.setText(row.patient.name)
        self._who.setText(who_text(row.patient))
        self._who.setVisible(bool(self._who.text()))
        self.followers.set_rows([self._follower_row(one) for one in row.followers])
        if self.followers.current_id is None and row.followers:
            self.followers.select_id(row.followers[0].user_id)
        self.followers.setVisible(bool(row.followers))
        self.followers.fit_height(4)
        nobody = self.tr("Ingen følger pasienten, så ingen laptop har journalen.")
        self._nobody.say("" if row.followers else nobody, "warn")
        self.claims.say(self._claims_text(row), "accent")
        self._show_acts()

    def _claims_text(self, row: PatientRow) -> str:
        """Whose days are reserved: they stay where they are, whoever follows the patient."""
        if not row.live_claims:
            return ""
        today = self.context.session.today()
        head = self.tr("Reserverte utdelingsdager blir hos den som har dem, til de frigis:")
        return "\n".join((head, *(claim_line(one, today) for one in row.live_claims)))

    def _follower_row(self, follower: Follower) -> Row:
        tags = (RowTag(self.tr("Hovedansvarlig"), "accent"),) if follower.primary else ()
        return Row(id=follower.user_id, title=follower.name, icon="user", tags=tags)

    @Slot()
    def _show_acts(self) -> None:
        row, follower, person_id = self.chosen, self.follower, self.person.currentData()
        follows = row is not None and any(one.user_id == person_id for one in row.followers)
        self.give.setEnabled(row is not None and person_id is not None)
        can_move = follower is not None and person_id is not None and not follows
        self.move_button.setVisible(can_move)
        self.take.setVisible(follower is not None)
        if follower is not None:
            self.move_button.say(self.tr("Flytt fra {0}").format(follower.name))
            self.take.say(self.tr("Frata {0}").format(follower.name))

    # --- what the person does

    @Slot()
    def _go_to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _go_to_list(self) -> None:
        self.rows.setFocus()

    @Slot()
    def _go_into_card(self) -> None:
        self.person.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ensureWidgetVisible(self.person)

    @Slot(str)
    def _search_anew(self, text: str) -> None:
        del text
        self._page = 0
        self._search()

    def _turn(self, pages: int) -> None:
        self._page = max(0, self._page + pages)
        self._search()

    def _search(self) -> None:
        request = PatientsRequest(query=self.search.text().strip(), page=self._page)
        self.read(lambda service: service.patients(request), self._show, "patients")

    @Slot()
    def _give(self) -> None:
        row, person_id = self.chosen, self.person.currentData()
        if row is None or person_id is None:
            return
        request = AssignRequest(
            user_id=person_id, patient_id=row.patient.id, primary=self.primary.isChecked()
        )
        words = self.tr("{0} følges nå av {1}.").format(row.patient.name, self._person_name())
        self._do(lambda service: service.assign(request), words)

    @Slot()
    def _move(self) -> None:
        row, follower, person_id = self.chosen, self.follower, self.person.currentData()
        if row is None or follower is None or person_id is None:
            return
        give = AssignRequest(
            user_id=person_id,
            patient_id=row.patient.id,
            primary=follower.primary or self.primary.isChecked(),
        )
        take = UnassignRequest(user_id=follower.user_id, patient_id=row.patient.id)

        def move(service: OfficeService) -> object:
            service.assign(give)  # first, so that nobody is without a follower meanwhile
            return service.unassign(take)

        words = self.tr("{0} er flyttet fra {1} til {2}.").format(
            row.patient.name, follower.name, self._person_name()
        )
        self._do(move, words)

    @Slot()
    def _take(self) -> None:
        row, follower = self.chosen, self.follower
        if row is None or follower is None:
            return
        request = UnassignRequest(user_id=follower.user_id, patient_id=row.patient.id)
        words = self.tr("{0} følges ikke lenger av {1}.").format(row.patient.name, follower.name)
        follows = self.tr(
            "Journalen forsvinner fra laptopen til {0} ved neste synk, etter at alt usendt er "
            "levert."
        ).format(follower.name)
        if len(row.followers) == 1:
            follows = self.tr("Da er det ingen som følger pasienten. {0}").format(follows)
        dialog = ConfirmDialog(
            self.tr("Frata {0} pasienten {1}?").format(follower.name, row.patient.name),
            follows,
            self.tr("Frata"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self._do(lambda service: service.unassign(request), words))
        dialog.cancel_button.setFocus()
        dialog.open()

    def _do(self, call: Callable[[OfficeService], object], words: str) -> None:
        def done(answer: object) -> None:
            del answer
            self.primary.setChecked(False)
            self.say_done(words)
            self.rows.setFocus()
            self.load()

        self.act(call, done)

    def _person_name(self) -> str:
        return self.person.currentText().split(" · ")[0]
