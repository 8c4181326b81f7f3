"""Change what is known about a patient: names, telephone, address and doctor."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.patients import Patient
from fieldapp.errors import FieldAppError
from fieldapp.services import patients
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.sync.conflict_state import value_text
from ui.sync.newer import NewerLine
from ui.widgets import Dialog, FormField
from ui.words import field_word

EDITABLE = ("family_name", "given_name", "phone", "address", "postal_code", "city", "gp_name")


class FactsDialog(Dialog):
    """Attributes: `lines`, an editor for each field by its name."""

    def __init__(
        self, context: AppContext, patient: Patient, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self.setWindowTitle(self.tr("Endre opplysninger"))
        self.title.setText(self.tr("Endre opplysninger"))
        self.confirm_button.say(self.tr("Lagre · Ctrl+Enter"))
        self._context = context
        self._opened = patient
        self.newer = NewerLine(context, ("patient",), self)
        self._outer.insertWidget(1, self.newer)
        self.newer.watch(patient.id)
        self.lines: dict[str, QLineEdit] = {}
        for name in EDITABLE:
            line = QLineEdit(str(getattr(patient, name)), self)
            line.setObjectName(f"facts_{name}")
            self.lines[name] = line
            self.body.addWidget(FormField(field_word(name), line, parent=self))
        self.body.addStretch(1)
        self.lines["phone"].setFocus()

    def check(self) -> str:
        typed: dict[str, Any] = {name: line.text().strip() for name, line in self.lines.items()}
        if not typed["family_name"] or not typed["given_name"]:
            return sentence("name_missing")
        try:
            changes = patients.update(
                self._context.session, replace(self._opened, **typed), self._opened
            )
        except patients.ChangedMeanwhileError as error:
            return self._changed_meanwhile(error.present)
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def _changed_meanwhile(self, present: object) -> str:
        """Say what a colleague wrote; who saves again after that has seen it."""
        assert isinstance(present, Patient)
        differing = [
            self.tr("{field}: {value}").format(
                field=field_word(field.name), value=value_text(getattr(present, field.name), {})
            )
            for field in fields(Patient)
            if getattr(present, field.name) != getattr(self._opened, field.name)
        ]
        # What was not touched here follows the colleague's text.
        for name, line in self.lines.items():
            if line.text().strip() == getattr(self._opened, name):
                line.setText(str(getattr(present, name)))
        self._opened = present
        return f"{sentence('changed_meanwhile')} {'. '.join(differing)}."
