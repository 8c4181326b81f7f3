"""A member of staff is added or changed; a password that the server makes is shown once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.patients import Role
from fieldapp.domain.people import may_give
from fieldapp.domain.rights import Right, may
from sync.client.office_messages import (
    AddPersonAnswer,
    AddPersonRequest,
    ChangePersonRequest,
    Done,
    NewPasswordAnswer,
    NewPasswordRequest,
    PersonRow,
)
from ui.i18n import LANGUAGES
from ui.office.desk import OfficeDesk
from ui.office.reasons import not_done_text
from ui.office.state import counted, role_word
from ui.widgets import Banner, ChoiceRow, Dialog, FormField, Text

translate = QCoreApplication.translate


def roles_to_give(own: Role | str, present: str = "") -> tuple[str, ...]:
    """The roles that somebody may give, and the one that the person has, in the table's order."""
    return tuple(role.value for role in Role if may_give(own, role) or role.value == present)


def language_word(code: str) -> str:
    """The language that the organisation has decided on for somebody."""
    return LANGUAGES.get(code, code) if code else translate("office", "eget valg")


class PersonDialog(Dialog):
    """Adds a person (`person` None) or changes one. `stored` is true when the server has done it.

    The first password of a new account is shown once, in place of the form.
    """

    def __init__(
        self,
        desk: OfficeDesk,
        own_role: Role | str,
        person: PersonRow | None = None,
        parent: QWidget | None = None,
        *,
        may_change_role: bool = True,
    ) -> None:
        super().__init__("", "", parent)
        self._desk = desk
        self._person = person
        self._asked = False
        self.stored = False
        title = self.tr("Ny person") if person is None else self.tr("Endre {0}").format(person.name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Legg til") if person is None else self.tr("Lagre"))
        self.name = self._text_field(self.tr("Navn"), "personName", "")
        self.username = self._text_field(self.tr("Brukernavn"), "personUsername", "")
        for field in (self.name, self.username):
            field.setVisible(person is None)
        self.role = QComboBox(self)
        self.role.setObjectName("personRole")
        present = person.role if person is not None else Role.CASE_MANAGER.value
        for code in roles_to_give(own_role, present if person is not None else ""):
            self.role.addItem(role_word(code), code)
        self.role.setCurrentIndex(max(0, self.role.findData(present)))
        self.role.setEnabled(may_change_role)
        role_help = (
            ""
            if may_change_role
            else self.tr(
                "Din egen rolle, og en rolle med flere rettigheter enn din, endrer en annen."
            )
        )
        self._role_field = FormField(self.tr("Rolle"), self.role, role_help, self)
        self.body.addWidget(self._role_field)
        # Said before it is done: the patients leave the person's laptop with the next sync.
        self.warning = Banner("", "warn", self)
        self.warning.setObjectName("personRoleWarning")
        self.body.addWidget(self.warning)
        self.role.currentIndexChanged.connect(self._warn)
        self.team = self._text_field(
            self.tr("Team"), "personTeam", person.team if person is not None else ""
        )
        self.phone = self._text_field(
            self.tr("Telefon for kolleger"),
            "personPhone",
            person.phone if person is not None else "",
        )
        self._language_label = Text(self.tr("Språk"), "label", self)
        self.body.addWidget(self._language_label)
        self.language = ChoiceRow(
            self.tr("Språk"),
            [("", self.tr("Eget valg")), *LANGUAGES.items()],
            self,
            name="personLanguage",
        )
        self.language.choose(person.language if person is not None else "")
        self.body.addWidget(self.language)
        self.reason = self._text_field(
            self.tr("Begrunnelse (når rollen endres)"), "personReason", ""
        )
        self.reason.setVisible(person is not None and may_change_role)
        self._after = Text(
            self.tr(
                "Gjelder fra neste synk på personens laptop. Det som er usendt der, røres ikke."
            ),
            "small",
            self,
        )
        self._after.setVisible(person is not None)
        self.body.addWidget(self._after)
        self.password = _Secret(self)
        self.body.addWidget(self.password)
        self.body.addStretch(1)
        (self.name.editor if person is None else self.role).setFocus()

    @Slot()
    def _warn(self) -> None:
        """Say what a role that reads no patients costs."""
        person = self._person
        role = str(self.role.currentData())
        costs = person is not None and person.patients > 0 and not may(role, Right.READ_PATIENTS)
        if not costs or person is None:
            self.warning.say("")
        else:
            patients = counted(person.patients, self.tr("pasient"), self.tr("pasienter"))
            self.warning.say(
                self.tr(
                    "Rollen leser ikke pasienter. {name} følger {patients}, som da ikke lenger "
                    "kommer til laptopen. Sørg for at noen andre følger dem først. Det som er "
                    "ført, står i journalen."
                ).format(name=person.name, patients=patients),
                "warn",
            )
        self._fit_soon()

    def check(self) -> str:
        """Say what is missing."""
        wrong = {
            self.name: self.tr("Skriv navnet."),
            self.username: self.tr("Skriv et brukernavn."),
        }
        first = ""
        for field, words in wrong.items():
            said = words if self._person is None and not self._text(field) else ""
            field.say_problem(said)
            first = first or said
        changed = self._person is not None and self.role.currentData() != self._person.role
        said = self.tr("Skriv hvorfor rollen endres.") if changed else ""
        said = "" if self._text(self.reason) else said
        self.reason.say_problem(said)
        return first or said

    def accept(self) -> None:
        """Ask the server once; the dialog closes when it has done it."""
        if self._asked:
            return
        self._asked = True
        if self._person is None:
            added = AddPersonRequest(
                username=self._text(self.username),
                name=self._text(self.name),
                role=str(self.role.currentData()),
                phone=self._text(self.phone),
                language=str(self.language.value or ""),
                team=self._text(self.team),
            )
            self._desk.ask(lambda service: service.add_person(added), self._added, self._fail)
            return
        role = str(self.role.currentData())
        changed = ChangePersonRequest(
            user_id=self._person.user_id,
            role=role if role != self._person.role else None,
            language=str(self.language.value or ""),
            team=self._text(self.team),
            phone=self._text(self.phone),
            reason=self._text(self.reason),
        )
        self._desk.ask(lambda service: service.change_person(changed), self._changed, self._fail)

    def _changed(self, _: Done) -> None:
        self.stored = True
        super().accept()

    def _added(self, answer: AddPersonAnswer) -> None:
        self.stored = True
        self.problem.say("")
        form: tuple[QWidget, ...] = (
            *(self.name, self.username, self._role_field, self.team, self.phone),
            *(self._language_label, self.language, self.reason, self._after),
        )
        for part in form:
            part.hide()
        self.password.show_secret(self._text(self.name), answer.password)
        self.confirm_button.hide()
        self.cancel_button.say(self.tr("Lukk"))
        self.cancel_button.setFocus()
        self._fit_soon()

    def _fail(self, error: BaseException) -> None:
        self._asked = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()

    def _text_field(self, label: str, name: str, text: str) -> FormField:
        editor = QLineEdit(text, self)
        editor.setObjectName(name)
        field = FormField(label, editor, "", self)
        self.body.addWidget(field)
        return field

    def _text(self, field: FormField) -> str:
        assert isinstance(field.editor, QLineEdit)
        return field.editor.text().strip()


class PasswordDialog(Dialog):
    """A new first password for somebody who has forgotten theirs. Asks first: log-ins end."""

    def __init__(self, desk: OfficeDesk, person: PersonRow, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        title = self.tr("Nytt passord for {0}").format(person.name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Lag passord"))
        self.cancel_button.say(self.tr("Lukk"))
        self._desk = desk
        self._person = person
        self._asked = False
        self._words = Text(
            self.tr(
                "Personen logges ut fra serveren og må logge inn med det nye passordet for å "
                "sende. Arbeidet på laptopen fortsetter som før, og passfrasen er den samme."
            ),
            "",
            self,
        )
        self.body.addWidget(self._words)
        self.password = _Secret(self)
        self.body.addWidget(self.password)
        self.body.addStretch(1)
        self.confirm_button.setFocus()

    def try_accept(self) -> None:
        """The first press asks the server."""
        if self._asked:
            return
        self._asked = True
        request = NewPasswordRequest(user_id=self._person.user_id)
        self._desk.ask(lambda service: service.new_password(request), self._show, self._fail)

    def _show(self, answer: NewPasswordAnswer) -> None:
        self.problem.say("")
        self._words.hide()
        self.password.show_secret(self._person.name, answer.password)
        self.confirm_button.hide()
        self.cancel_button.setFocus()
        self._fit_soon()

    def _fail(self, error: BaseException) -> None:
        self._asked = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()


class ReopenDialog(Dialog):
    """Opens a closed account again, for a reason. `stored` is true when the server has done it."""

    def __init__(self, desk: OfficeDesk, person: PersonRow, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        title = self.tr("Åpne kontoen til {0} igjen").format(person.name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Åpne kontoen"))
        self._desk = desk
        self._person = person
        self._asked = False
        self.stored = False
        self.body.addWidget(
            Text(
                self.tr(
                    "Personen slipper inn på serveren igjen, med rollen {role}. Laptoper som er "
                    "avsluttet eller meldt tapt, åpnes ikke; lag en engangskode til en ny. Lag et "
                    "nytt passord hvis det gamle kan være kjent."
                ).format(role=role_word(person.role)),
                "",
                self,
            )
        )
        self.reason = QLineEdit(self)
        self.reason.setObjectName("reopenReason")
        self._field = FormField(self.tr("Begrunnelse"), self.reason, parent=self)
        self.body.addWidget(self._field)
        self.body.addStretch(1)
        self.reason.setFocus()

    def check(self) -> str:
        """Say what is missing."""
        said = "" if self.reason.text().strip() else self.tr("Skriv hvorfor.")
        self._field.say_problem(said)
        return said

    def accept(self) -> None:
        """Ask the server once; the dialog closes when it has done it."""
        if self._asked:
            return
        self._asked = True
        request = ChangePersonRequest(
            user_id=self._person.user_id, reason=self.reason.text().strip(), reopen=True
        )
        self._desk.ask(lambda service: service.change_person(request), self._done, self._fail)

    def _done(self, _: Done) -> None:
        self.stored = True
        super().accept()

    def _fail(self, error: BaseException) -> None:
        self._asked = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()


class _Secret(QWidget):
    """A password that is told once."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.words = Text("", "", self)
        self.secret = Text("", "title", self)
        self.secret.setObjectName("personPassword")
        self.secret.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column.addWidget(self.words)
        column.addWidget(self.secret)
        self.hide()

    def show_secret(self, name: str, password: str) -> None:
        """Show it until the dialog closes."""
        self.words.setText(
            self.tr("Gi passordet til {0}, og til ingen andre. Det vises bare nå.").format(name)
        )
        self.secret.setText(password)
        self.secret.setAccessibleName(self.tr("Passord {0}").format(" ".join(password)))
        self.show()
