"""Personer: who works here, as what and in which language. A change comes with their next sync."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QWidget

from fieldapp.domain.people import may_give
from fieldapp.domain.rights import Right, may
from sync.client.office_messages import PeopleAnswer, PersonRow
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.enrol_dialog import EnrolDialog
from ui.office.parts import Facts
from ui.office.person_dialog import (
    PasswordDialog,
    PersonDialog,
    ReopenDialog,
    language_word,
)
from ui.office.state import Fact, role_word
from ui.office.tab import OfficeTab
from ui.widgets import (
    Card,
    FlowLayout,
    PrimaryButton,
    Row,
    RowList,
    RowTag,
    SecondaryButton,
    Text,
)


class PeopleTab(OfficeTab):
    """Holds the last answer; the chosen person stays chosen when it comes anew."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Personer"))
        self._people: dict[str, PersonRow] = {}
        self.add_columns([self._list_card()], self._detail_card(), shares=(3, 2))

    def load(self) -> None:
        self.read(lambda service: service.people(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    def show_id(self, wanted: str) -> None:
        self.rows.select_id(wanted)

    @property
    def chosen(self) -> PersonRow | None:
        """The person whose card is shown."""
        return self._people.get(self.rows.current_id or "")

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Ansatte med konto"), self)
        self.add = PrimaryButton(self.tr("Ny person …"), card, icon="user-plus", name="peopleNew")
        self.add.clicked.connect(self._add)
        acts = FlowLayout(None, 8)
        acts.addWidget(self.add)
        card.body.addLayout(acts)
        self.rows = RowList(self.tr("Ansatte med konto"), card)
        self.rows.setObjectName("officePeople")
        self.rows.current_id_changed.connect(self._show_chosen)
        card.body.addWidget(self.rows)
        return card

    def _detail_card(self) -> QWidget:
        self._card = card = Card("-", self)
        self._facts = Facts(self.tr("Om personen"), card)
        card.body.addWidget(self._facts)
        self.change = PrimaryButton(self.tr("Endre …"), card, icon="pencil", name="personChange")
        self.change.setAccessibleName(self.tr("Endre rolle, team og språk"))
        self.change.clicked.connect(self._change)
        self.password = SecondaryButton(
            self.tr("Nytt passord …"), card, icon="key-round", name="personNewPassword"
        )
        self.password.clicked.connect(self._new_password)
        self.enrol = SecondaryButton(
            self.tr("Engangskode …"), card, icon="monitor", name="personEnrol"
        )
        self.enrol.setAccessibleName(self.tr("Lag engangskode for laptop"))
        self.enrol.clicked.connect(self._make_code)
        acts = FlowLayout(None, 8)
        self.reopen = SecondaryButton(
            self.tr("Åpne kontoen igjen …"), card, icon="user", name="personReopen"
        )
        self.reopen.clicked.connect(self._reopen)
        for button in (self.change, self.password, self.enrol, self.reopen):
            acts.addWidget(button)
        card.body.addLayout(acts)
        self._why = Text(
            self.tr("Rollen har flere rettigheter enn din, så en administrator gjør dette."),
            "small",
            card,
        )
        card.body.addWidget(self._why)
        card.hide()
        return card

    # --- what is shown

    def _show(self, answer: PeopleAnswer) -> None:
        self._people = {person.user_id: person for person in answer.people}
        self.rows.set_rows([_row(person) for person in answer.people], select_first=True)
        self.rows.fit_height(9)
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        person = self.chosen
        self._card.setVisible(person is not None)
        if person is None:
            return
        own = self.context.session.user
        self._card.heading.setText(person.name)
        self._facts.set_facts(
            [
                Fact(self.tr("Brukernavn"), person.username),
                Fact(self.tr("Rolle"), role_word(person.role)),
                Fact(self.tr("Team"), person.team or "–"),
                Fact(self.tr("Språk"), language_word(person.language)),
                Fact(self.tr("Telefon"), person.phone or "–"),
                Fact(self.tr("Laptoper"), str(person.laptops)),
                Fact(self.tr("Pasienter"), str(person.patients)),
            ]
        )
        within = may_give(own.role, person.role)
        self.change.setVisible(person.active)
        self.password.setVisible(person.active and within)
        self.enrol.setVisible(person.active and may(own.role, Right.ENROL))
        self.reopen.setVisible(not person.active and within and person.user_id != own.id)
        self._why.setVisible(not within)

    # --- acts

    @Slot()
    def _add(self) -> None:
        dialog = PersonDialog(self._desk, self.context.session.user.role, None, self)
        dialog.finished.connect(lambda: self._ended(dialog, self.tr("Personen er lagt til.")))
        dialog.open()

    @Slot()
    def _change(self) -> None:
        person, own = self.chosen, self.context.session.user
        if person is None:
            return
        may_change_role = person.user_id != own.id and may_give(own.role, person.role)
        dialog = PersonDialog(self._desk, own.role, person, self, may_change_role=may_change_role)
        words = self.tr("Lagret. Det gjelder fra neste synk på personens laptop.")
        dialog.finished.connect(lambda: self._ended(dialog, words))
        dialog.open()

    @Slot()
    def _new_password(self) -> None:
        if self.chosen is not None:
            PasswordDialog(self._desk, self.chosen, self).open()

    @Slot()
    def _make_code(self) -> None:
        if self.chosen is not None:
            EnrolDialog(self._desk, self.chosen.user_id, self.chosen.name, self).open()

    @Slot()
    def _reopen(self) -> None:
        if self.chosen is None:
            return
        dialog = ReopenDialog(self._desk, self.chosen, self)
        words = self.tr("Kontoen er åpen igjen.")
        dialog.finished.connect(lambda: self._ended(dialog, words))
        dialog.open()

    def _ended(self, dialog: PersonDialog | ReopenDialog, words: str) -> None:
        if dialog.stored:
            self.say_done(words)
            self.load()


def _row(person: PersonRow) -> Row:
    detail = " · ".join(part for part in (role_word(person.role), person.team) if part)
    closed = QCoreApplication.translate("office", "Konto stengt")
    tags = () if person.active else (RowTag(closed, "neutral"),)
    return Row(person.user_id, person.name, detail, icon="user", tags=tags)
