"""A deviation report as text, ready to paste into the organisation's own system."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.services import deviation
from ui.context import AppContext
from ui.events.deviation_text import report
from ui.events.form import EventDialog, long_text
from ui.widgets import ChoiceRow, Text


class DeviationDialog(EventDialog):
    """The text is built as one fills in. It names nobody unless the person writes a name into it.

    Attributes: `report`, the text that is copied; the person may change it.
    """

    FORM = "deviation"

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        parent: QWidget | None = None,
        *,
        administration_id: str | None = None,
        type_code: str | None = None,
    ) -> None:
        super().__init__(context, patient_id, "", "", parent, subject=administration_id or "")
        title = self.tr("Avviksmelding som tekst")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Kopier teksten · Ctrl+Enter"))
        self._administration_id = administration_id
        self._facts = deviation.facts(context.session, administration_id)
        label = self.tr("Hva slags avvik?")
        kinds = [(kind.code, kind.text) for kind in deviation.types()]
        self.type = ChoiceRow(label, kinds, self, name="deviation", numbered=True)
        if type_code is not None:
            self.type.choose(type_code)
        self.add("type", label, self.type)
        self.happened = long_text(self)
        self.add("happened", self.tr("Hva skjedde?"), self.happened)
        self.at_once = long_text(self, 2)
        self.add("done", self.tr("Hva ble gjort med en gang?"), self.at_once)
        self.prevent = long_text(self, 2)
        self.add("prevent", self.tr("Hva kan hindre at det skjer igjen?"), self.prevent)
        self.with_facts = QCheckBox(self.tr("Ta med legemiddel, dose og tid"), self)
        self.with_facts.setObjectName("event_with_facts")
        self.with_facts.setMinimumHeight(44)
        self.with_facts.setChecked(administration_id is not None)
        self.with_facts.setVisible(administration_id is not None)
        self.keep("with_facts", self.with_facts)
        self.body.addWidget(self.with_facts)
        nobody = self.tr(
            "Teksten nevner verken pasient eller ansatte. Skriv bare inn det som avvikssystemet "
            "skal ha. Kopien blir borte fra utklippstavlen etter ett minutt og når maskinen låses."
        )
        self.body.addWidget(Text(nobody, "muted", self))
        self.report = long_text(self, 7)
        self.report.setReadOnly(True)
        self.add("report", self.tr("Teksten som kopieres"), self.report)
        self.open_for_work()
        self.type.buttons()[0].setFocus()

    def changed(self) -> None:
        kind = next((one for one in deviation.types() if one.code == self.type.value), None)
        self._filling = True
        self.report.setPlainText(
            report(
                kind.text if kind is not None else "",
                self._facts if self.with_facts.isChecked() else None,
                happened=self.happened.toPlainText(),
                done=self.at_once.toPlainText(),
                prevent=self.prevent.toPlainText(),
            )
        )
        self._filling = False

    def missing(self) -> str:
        if self.type.value is None:
            return self.wrong("type", self.tr("Velg hva slags avvik det er."))
        if not self.happened.toPlainText().strip():
            return self.wrong("happened", self.tr("Skriv hva som skjedde."))
        return ""

    def write(self) -> ChangeSet:
        deviation.note_copied(self.context.session, self.patient_id, self._administration_id)
        QGuiApplication.clipboard().setText(self.report.toPlainText())
        return ChangeSet(())
