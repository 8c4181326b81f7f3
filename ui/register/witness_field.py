"""The second person of a line: by an own code now, or in their own log-in afterwards."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.medication import CoSignature
from fieldapp.services import people, witness
from fieldapp.services.register_view import Overview
from fieldapp.services.session import Session
from ui.context import AppContext
from ui.widgets import FormField


class WitnessField(QWidget):
    """Shown only where the organisation requires two persons.

    Attributes: `person` and `code`, the two fields.
    """

    def __init__(self, context: AppContext, view: Overview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needed = view.two_persons
        self._proven = False
        self.person = QComboBox(self)
        self.person.setObjectName("registerWitness")
        session = context.session
        for one in people.staff(session):
            if one.id != session.user.id:
                self.person.addItem(one.name, one.id)
        self.person.setCurrentIndex(-1)
        self.code = QLineEdit(self)
        self.code.setObjectName("registerWitnessCode")
        self.code.setEchoMode(QLineEdit.EchoMode.Password)
        self.code_field = FormField(
            self.tr("Vitnekode"),
            self.code,
            self.tr("Skrives av den andre selv. Står den tom, signerer de i egen innlogging."),
            parent=self,
        )
        self.person_field = FormField(self.tr("Den andre personen"), self.person, parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.person_field)
        column.addWidget(self.code_field)
        self.person.currentIndexChanged.connect(self._forget)
        self.code.textChanged.connect(self._forget)
        self.setVisible(self._needed)

    @property
    def value(self) -> CoSignature | None:
        """Who was there, and whether they proved it by their code."""
        if not self._needed or self.person.currentData() is None:
            return None
        return CoSignature(
            str(self.person.currentData()), self.person.currentText(), by_code=self._proven
        )

    @property
    def must_be_checked(self) -> bool:
        """True when a code was typed that nobody has looked at yet."""
        return self.value is not None and bool(self.code.text()) and not self._proven

    def checker(self) -> tuple[str, str]:
        """The person and the code that `verify` is asked about."""
        return str(self.person.currentData()), self.code.text()

    def prove(self, fits: bool) -> None:
        """What `verify` found."""
        self._proven = fits
        self.code_field.say_problem("" if fits else self.tr("Koden stemmer ikke. Prøv igjen."))
        if not fits:
            self.code.setFocus()

    def problem(self) -> str:
        """What is missing as a sentence, or an empty text."""
        missing = self._needed and self.person.currentData() is None
        text = self.tr("Velg hvem den andre personen er.") if missing else ""
        self.person_field.say_problem(text)
        return text

    def _forget(self) -> None:
        self._proven = False


def verify(session: Session, person_id: str, code: str) -> bool:
    """Whether the code is that person's. Slow; on a worker. Raises the errors of the service."""
    with session.beside() as beside:
        return witness.verify(beside, person_id, code)
