"""Say that an entry stands on the wrong patient. From then on it is blocked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QWidget

from fieldapp.domain.corrections import CorrectionError
from fieldapp.errors import FieldAppError
from fieldapp.services import corrections, patients
from ui.context import AppContext
from ui.errors import sentence_for
from ui.widgets import Dialog, FormField, Text


@dataclass(frozen=True, slots=True)
class EntryChoice:
    """An entry that can be marked, in words."""

    kind: str
    id: str
    words: str


class WrongPatientDialog(Dialog):
    """Attributes: `entry` which one, `reason` the words, `right_one` whose it should be."""

    def __init__(
        self,
        context: AppContext,
        patient_id: str,
        entries: Sequence[EntryChoice],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent, dangerous=True)
        title = self.tr("Feilført på feil pasient")
        self.setObjectName("wrongPatientDialog")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Sperr oppføringen"))
        self._context = context
        self._entries = tuple(entries)
        self.body.addWidget(
            Text(
                self.tr(
                    "Oppføringen sperres med en gang, og hos kollegene når de synker. Bare "
                    "forfatteren og den journalansvarlige kan lese den. Den journalansvarlige "
                    "avgjør om den slettes. Skriv den på nytt på riktig pasient."
                ),
                "muted",
                self,
            )
        )
        self.entry = QComboBox(self)
        self.entry.setObjectName("wrongEntry")
        _keep_narrow(self.entry)
        for one in self._entries:
            self.entry.addItem(one.words, one.id)
        self.body.addWidget(FormField(self.tr("Hvilken oppføring?"), self.entry, parent=self))
        self.reason = QPlainTextEdit(self)
        self.reason.setObjectName("wrongReason")
        self.reason.setTabChangesFocus(True)
        self.reason.setMinimumHeight(self.fontMetrics().lineSpacing() * 4)
        label = self.tr("Hvordan vet du det?")
        self.reason.setAccessibleName(label)
        self.body.addWidget(FormField(label, self.reason, parent=self))
        self.right_one = QComboBox(self)
        self.right_one.setObjectName("wrongRightPatient")
        _keep_narrow(self.right_one)
        self.right_one.addItem(self.tr("Vet ikke, eller en annen enn disse"), None)
        for row in patients.rows(context.session):
            if row.patient.id != patient_id:
                self.right_one.addItem(row.patient.name, row.patient.id)
        label = self.tr("Hvem skulle den stått på?")
        self.right_one.setAccessibleName(label)
        self.body.addWidget(FormField(label, self.right_one, parent=self))
        dose = self.tr(
            "Gjelder det en dose, regnes den som gitt til denne pasienten til det er avgjort, og "
            "lyset spør før noe gis."
        )
        self._about_doses = Text(dose, "small", self)
        self.body.addWidget(self._about_doses)
        self.body.addStretch(1)
        self.entry.currentIndexChanged.connect(self._show_about_doses)
        self._show_about_doses()
        (self.entry if len(self._entries) > 1 else self.reason).setFocus()

    def check(self) -> str:
        chosen = self._chosen()
        if chosen is None:
            return self.tr("Velg oppføringen. Ingenting er sperret.")
        right_one = self.right_one.currentData()
        try:
            changes = corrections.mark(
                self._context.session,
                chosen.kind,
                chosen.id,
                self.reason.toPlainText(),
                None if right_one is None else str(right_one),
            )
        except (CorrectionError, FieldAppError) as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def _chosen(self) -> EntryChoice | None:
        number = self.entry.currentIndex()
        return self._entries[number] if 0 <= number < len(self._entries) else None

    def _show_about_doses(self) -> None:
        chosen = self._chosen()
        self._about_doses.setVisible(
            chosen is not None and chosen.kind == "medication_administration"
        )


def _keep_narrow(box: QComboBox) -> None:
    """Long words must not make the dialog wider than the window."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
