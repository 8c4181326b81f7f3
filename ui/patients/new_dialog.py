"""Ny pasient: one person by hand, also in a valley without coverage."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.identifiers import IdentifierError
from fieldapp.domain.patients import Level, Patient, Sex
from fieldapp.errors import FieldAppError
from fieldapp.services import registration
from fieldapp.services.registration import NewPatient, RegistrationError
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.widgets import ChoiceRow, Dialog, FormField, Text
from ui.words import day_text, word


class NewPatientDialog(Dialog):
    """Calls `on_registered` with the new patient's id. Attributes: one field per fact."""

    WIDTH = 640

    def __init__(
        self,
        context: AppContext,
        on_registered: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Ny pasient"))
        self.title.setText(self.tr("Ny pasient"))
        self.confirm_button.say(self.tr("Registrer · Ctrl+Enter"))
        self._context = context
        self._on_registered = on_registered
        self._seen_alike: str | None = None
        self.family_name = self._line(self.tr("Etternavn"), "newFamilyName")
        self.given_name = self._line(self.tr("Fornavn"), "newGivenName")
        self.national_id = self._line(
            self.tr("Fødselsnummer eller D-nummer, om det er kjent"), "newNationalId"
        )
        hint = self.tr(
            "Uten nummer får pasienten et midlertidig et. Kontoret fører det riktige siden."
        )
        self.body.addWidget(Text(hint, "small", self))
        self.birth_date = self._line(self.tr("Fødselsdato (dd.mm.åååå)"), "newBirthDate")
        sexes = [(sex, word(sex)) for sex in Sex]
        self.sex = ChoiceRow(self.tr("Kjønn"), sexes, self, name="newSex")
        self.sex.choose(Sex.UNKNOWN)
        self.body.addWidget(FormField(self.tr("Kjønn"), self.sex, parent=self))
        levels = [(level, word(level)) for level in Level]
        self.level = ChoiceRow(self.tr("Nivå"), levels, self, name="newLevel")
        self.level.choose(Level.CASE_MANAGEMENT)
        self.body.addWidget(FormField(self.tr("Nivå"), self.level, parent=self))
        self.phone = self._line(self.tr("Telefon"), "newPhone")
        self.address = self._line(self.tr("Adresse"), "newAddress")
        self.postal_code = self._line(self.tr("Postnummer"), "newPostalCode")
        self.city = self._line(self.tr("Poststed"), "newCity")
        self.body.addStretch(1)
        self.family_name.setFocus()

    def check(self) -> str:
        typed = self.birth_date.text().strip()
        born = registration.read_day(typed)
        if typed and born is None:
            self.birth_date.setFocus()
            return self.tr("Skriv fødselsdatoen som 31.12.1980. Ingenting er skrevet.")
        sex, level = self.sex.value, self.level.value
        new = NewPatient(
            family_name=self.family_name.text(),
            given_name=self.given_name.text(),
            national_id=self.national_id.text(),
            birth_date=born,
            sex=sex if isinstance(sex, Sex) else Sex.UNKNOWN,
            level=level if isinstance(level, Level) else Level.CASE_MANAGEMENT,
            phone=self.phone.text(),
            address=self.address.text(),
            postal_code=self.postal_code.text(),
            city=self.city.text(),
        )
        person = f"{new.family_name}|{new.given_name}|{born}"
        try:
            changes = registration.register(
                self._context.session, new, although_alike=person == self._seen_alike
            )
        except IdentifierError as error:
            self.national_id.setFocus()
            return sentence_for(error)
        except RegistrationError as error:
            self._seen_alike = person if error.code == "alike" else None
            return self._said(error)
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        self._on_registered(str(changes.created_id))
        return ""

    def _said(self, error: RegistrationError) -> str:
        said = sentence(error.code)
        return said if error.patient is None else f"{said} {self._person(error.patient)}"

    def _person(self, patient: Patient) -> str:
        born = day_text(patient.birth_date) if patient.birth_date else self.tr("uten fødselsdato")
        return self.tr("På maskinen: {name}, {born}.").format(name=patient.name, born=born)

    def _line(self, label: str, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        self.body.addWidget(FormField(label, field, parent=self))
        return field
