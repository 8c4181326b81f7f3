"""Write down a contact, or change one."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.patients import Contact, Relation
from fieldapp.errors import FieldAppError
from fieldapp.services import patients
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.sync.conflict_state import value_text
from ui.sync.newer import NewerLine
from ui.widgets import ChoiceRow, Dialog, FormField
from ui.words import field_word, word

_CONSENT = {True: "yes", False: "no", None: "unknown"}


class ContactDialog(Dialog):
    """`contact` is None for a new one. Announces the change set when it is saved."""

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        contact: Contact | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Ny kontakt") if contact is None else self.tr("Endre kontakt")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Lagre kontakten"))
        self._context = context
        self._contact = contact or Contact("", patient_id, "", Relation.OTHER)
        self._opened = contact
        self.newer = NewerLine(context, ("contact",), self)
        self._outer.insertWidget(1, self.newer)
        if contact is not None:
            self.newer.watch(patient_id, [contact.id])
        self.name = QLineEdit(self._contact.name, self)
        self.name_field = FormField(self.tr("Navn"), self.name, parent=self)
        relations = [(relation, word(relation)) for relation in Relation]
        self.relation = ChoiceRow(self.tr("Forhold"), relations, self, name="relation")
        if contact is not None:
            self.relation.choose(contact.relation)
        self.phone = QLineEdit(self._contact.phone, self)
        answers = (
            ("yes", self.tr("Kan informeres")),
            ("no", self.tr("Skal ikke informeres")),
            ("unknown", self.tr("Ikke avklart")),
        )
        self.consent = ChoiceRow(self.tr("Samtykke"), answers, self, name="consent")
        self.consent.choose(_CONSENT[self._contact.may_be_informed])
        self.note = QLineEdit(self._contact.note, self)
        for field in (
            self.name_field,
            FormField(self.tr("Forhold"), self.relation, parent=self),
            FormField(self.tr("Telefon"), self.phone, parent=self),
            FormField(self.tr("Har pasienten samtykket?"), self.consent, parent=self),
            FormField(self.tr("Merknad"), self.note, parent=self),
        ):
            self.body.addWidget(field)
        self.body.addStretch(1)
        self.name.setFocus()

    def check(self) -> str:
        name = self.name.text().strip()
        if not name:
            self.name_field.say_problem(self.tr("Skriv et navn."))
            return self.tr("Kontakten mangler navn. Ingenting er lagret.")
        self.name_field.say_problem("")
        relation = self.relation.value
        session = self._context.session
        contact = replace(
            self._contact,
            id=self._contact.id or session.new_id(),
            name=name,
            relation=relation if isinstance(relation, Relation) else Relation.OTHER,
            phone=self.phone.text().strip(),
            may_be_informed={"yes": True, "no": False}.get(str(self.consent.value)),
            note=self.note.text().strip(),
        )
        try:
            changes = patients.save_contact(session, contact, self._opened)
        except patients.ChangedMeanwhileError as error:
            return self._changed_meanwhile(error.present)
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def _follow(self, present: Contact) -> None:
        """What was not touched here takes the colleague's value, or it would be written back."""
        opened = self._opened
        assert opened is not None
        for line, name in ((self.name, "name"), (self.phone, "phone"), (self.note, "note")):
            if line.text().strip() == getattr(opened, name):
                line.setText(getattr(present, name))
        if self.relation.value is opened.relation:
            self.relation.choose(present.relation)
        if self.consent.value == _CONSENT[opened.may_be_informed]:
            self.consent.choose(_CONSENT[present.may_be_informed])

    def _changed_meanwhile(self, present: object) -> str:
        """Say what a colleague wrote; who saves again after that has seen it."""
        assert isinstance(present, Contact)
        assert self._opened is not None
        differing = [
            self.tr("{field}: {value}").format(
                field=field_word(field.name),
                value=value_text(getattr(present, field.name), {}),
            )
            for field in fields(Contact)
            if getattr(present, field.name) != getattr(self._opened, field.name)
        ]
        self._follow(present)
        self._contact = self._opened = present
        return f"{sentence('changed_meanwhile')} {'. '.join(differing)}."
