"""Kontakter: relatives and services around the patient, and who may be told what."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.patients import Contact
from fieldapp.services import patients
from fieldapp.services.patients import PatientPage
from ui.context import AppContext
from ui.patient.contact_dialog import ContactDialog
from ui.patient.facts_dialog import FactsDialog
from ui.patient.tab import Tab
from ui.widgets import (
    Card,
    ConfirmDialog,
    Divider,
    EmptyState,
    QuietButton,
    SecondaryButton,
    Tag,
    Text,
    Tone,
    clear,
)
from ui.words import address_text, word


class ContactsTab(Tab):
    """Whether a person may be informed has three answers: yes, no, and not asked."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", context, parent)
        self.setAccessibleName(self.tr("Kontakter"))
        self._facts: PatientPage | None = None
        self._person = Card(self.tr("Pasienten"), self)
        change = SecondaryButton(self.tr("Endre"), self, icon="pencil", name="editFacts")
        change.setAccessibleName(self.tr("Endre opplysninger om pasienten"))
        change.clicked.connect(self.edit_facts)
        self._person.head.addWidget(change)
        self._person_words = Text("", "", self)
        self._person.body.addWidget(self._person_words)
        self.body.addWidget(self._person)
        self._card = Card(self.tr("Kontakter"), self)
        add = SecondaryButton(self.tr("Ny kontakt"), self, icon="user-plus", name="addContact")
        add.clicked.connect(self._add)
        self._card.head.addWidget(add)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self._card.body.addLayout(self._rows)
        self.body.addWidget(self._card)
        self.body.addStretch(1)

    def show_patient(self, found: PatientPage) -> None:
        self._facts = found
        person = found.patient
        known = (person.phone, address_text(person), person.gp_name)
        said = " · ".join(part for part in known if part)
        self._person_words.setText(said or self.tr("Verken telefon eller adresse er ført."))
        clear(self._rows)
        contacts = [contact for contact in found.contacts if contact.active]
        for number, contact in enumerate(contacts):
            if number:
                self._rows.addWidget(Divider(self))
            row = _ContactRow(contact, self)
            row.edit.clicked.connect(lambda _=False, contact=contact: self._edit(contact))
            row.remove.clicked.connect(lambda _=False, contact=contact: self._ask_remove(contact))
            self._rows.addWidget(row)
        if not contacts:
            self._rows.addWidget(
                EmptyState(
                    "contact",
                    self.tr("Ingen kontakter"),
                    self.tr("Legg inn pårørende, fastlege og andre rundt pasienten."),
                    self,
                )
            )

    @Slot()
    def edit_facts(self) -> None:
        """Change what is known about the patient."""
        if self._facts is not None:
            FactsDialog(self.context, self._facts.patient, self).open()

    @Slot()
    def _add(self) -> None:
        if self._facts is not None:
            ContactDialog(self.context, self._facts.patient.id, None, self).open()

    def _edit(self, contact: Contact) -> None:
        ContactDialog(self.context, contact.patient_id, contact, self).open()

    def _ask_remove(self, contact: Contact) -> None:
        dialog = ConfirmDialog(
            self.tr("Ta bort kontakten?"),
            self.tr("{name} vises ikke lenger her. Historikken beholdes.").format(
                name=contact.name
            ),
            self.tr("Ta bort"),
            self,
            dangerous=True,
        )
        dialog.accepted.connect(lambda: self._remove(contact))
        dialog.open()

    def _remove(self, contact: Contact) -> None:
        changed = replace(contact, active=False)
        self.context.changes.announce(patients.save_contact(self.context.session, changed))


class _ContactRow(QWidget):
    def __init__(self, contact: Contact, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(f"{contact.name} · {word(contact.relation).lower()}", "strong", self))
        details = " · ".join(part for part in (contact.phone, contact.note) if part)
        if details:
            words.addWidget(Text(details, "muted", self))
        consent, tone = self._consent(contact)
        words.addWidget(Tag(consent, tone, self), 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(words, 3)
        self.edit = QuietButton(self.tr("Endre"), self, icon="pencil")
        self.edit.setAccessibleName(self.tr("Endre {name}").format(name=contact.name))
        self.remove = QuietButton(self.tr("Ta bort"), self, icon="x")
        self.remove.setAccessibleName(self.tr("Ta bort {name}").format(name=contact.name))
        row.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)

    def _consent(self, contact: Contact) -> tuple[str, Tone]:
        if contact.may_be_informed is None:
            return self.tr("Samtykke ikke avklart"), "warn"
        if contact.may_be_informed:
            return self.tr("Kan informeres"), "ok"
        return self.tr("Skal ikke informeres"), "danger"
