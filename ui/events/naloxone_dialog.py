"""Write down naloxone kits handed over."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.event_checks import MOST_KITS
from fieldapp.services import naloxone
from fieldapp.services.naloxone import NaloxoneEntry
from ui.context import AppContext
from ui.events.form import AdviceLine, EventDialog
from ui.events.words import problem_text
from ui.widgets import ChoiceRow

_MONTH = re.compile(r"(\d{1,2})\.(20\d{2})", re.ASCII)


class NaloxoneDialog(EventDialog):
    """What to say at the handing-over stands in the form, with its source."""

    FORM = "medication_dispense"

    def __init__(self, context: AppContext, patient_id: str, parent: QWidget | None = None) -> None:
        super().__init__(context, patient_id, "", "", parent)
        title = self.tr("Nalokson delt ut")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Skriv inn utdelingen · Ctrl+Enter"))
        self._products = {one.code: one for one in naloxone.products()}
        options = [(one.code, f"{one.name}, {one.ages}") for one in self._products.values()]
        label = self.tr("Hvilken nesespray?")
        self.product = ChoiceRow(label, options, self, name="product", vertical=True, numbered=True)
        self.add("product", label, self.product)
        self.kits = QLineEdit("1", self)
        self.add("kits", self.tr("Antall sett"), self.kits)
        label = self.tr("Er opplæring gitt?")
        answers = (("yes", self.tr("Ja")), ("no", self.tr("Nei")))
        self.training = ChoiceRow(label, answers, self, name="training")
        self.add("training", label, self.training)
        self.used = QCheckBox(self.tr("Erstatter et sett som er brukt"), self)
        self.used.setObjectName("event_used")
        self.used.setMinimumHeight(44)
        self.keep("used", self.used)
        self.body.addWidget(self.used)
        self.receiver = QLineEdit(self)
        label = self.tr("Hvem fikk det?")
        self.add("receiver", label, self.receiver, self.tr("Tomt når det er pasienten selv."))
        self.lot = QLineEdit(self)
        self.add("lot", self.tr("Partinummer"), self.lot)
        self.expiry = QLineEdit(self)
        self.expiry.setPlaceholderText(self.tr("MM.ÅÅÅÅ"))
        self.add("expiry", self.tr("Holdbar til"), self.expiry)
        for advice in naloxone.use():
            line = AdviceLine(self)
            line.show_advice(advice)
            self.body.addWidget(line)
        self.open_for_work()
        self.product.buttons()[0].setFocus()

    def missing(self) -> str:
        if self.product.value is None:
            return self.wrong("product", problem_text("product_missing"))
        if self._kits() is None:
            return self.wrong("kits", problem_text("kits_wrong"))
        if self.training.value is None:
            return self.wrong("training", self.tr("Svar på om opplæring er gitt."))
        if self.expiry.text().strip() and self._expiry() is None:
            return self.wrong("expiry", self.tr("Skriv måned og år som MM.ÅÅÅÅ."))
        return ""

    def write(self) -> ChangeSet:
        kits = self._kits()
        assert kits is not None
        return naloxone.record(
            self.context.session,
            NaloxoneEntry(
                id=self.event_id,
                patient_id=self.patient_id,
                product=self._products[str(self.product.value)].name,
                kits=kits,
                training_given=self.training.value == "yes",
                receiver=self.receiver.text(),
                lot=self.lot.text(),
                expiry=self._expiry(),
                replaces_used=self.used.isChecked(),
            ),
        )

    def _kits(self) -> int | None:
        words = self.kits.text().strip()
        count = int(words) if words.isdecimal() and len(words) <= 3 else 0
        return count if 1 <= count <= MOST_KITS else None

    def _expiry(self) -> date | None:
        """The last day of the month on the box, which is good until then."""
        match = _MONTH.fullmatch(self.expiry.text().strip())
        if match is None or not 1 <= int(match[1]) <= 12:
            return None
        month, year = int(match[1]), int(match[2])
        return date(year, month, monthrange(year, month)[1])
