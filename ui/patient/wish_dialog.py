"""Wish for a change in an order. The order stays the server's; the office and the doctor decide."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from fieldapp.domain.medication import MedicationRequest
from fieldapp.errors import FieldAppError
from fieldapp.services import proposals
from ui.context import AppContext
from ui.errors import sentence_for
from ui.typed import parse_decimal
from ui.widgets import Dialog, FormField, Text
from ui.words import amount, word


class WishDialog(Dialog):
    """Attributes: `doses`, one field for each dose in mg; `reason`, the author's own words."""

    def __init__(
        self, context: AppContext, order: MedicationRequest, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        title = self.tr("Foreslå endring")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Send ønsket"))
        self._context = context
        self._order = order
        self.body.addWidget(Text(order.product, "strong", self))
        stays = self.tr(
            "Forordningen gjelder uendret til kontoret eller legen har svart. Haster det, ring."
        )
        self.body.addWidget(Text(stays, "muted", self))
        self.doses: list[QLineEdit] = []
        for number, dose in enumerate(order.doses):
            field = QLineEdit(amount(dose.dose_mg), self)
            field.setObjectName(f"wishDose_{number}")
            self.doses.append(field)
            label = self.tr("{part}, dose i mg").format(part=word(dose.part))
            self.body.addWidget(FormField(label, field, parent=self))
        self.reason = QPlainTextEdit(self)
        self.reason.setObjectName("wishReason")
        self.reason.setTabChangesFocus(True)
        self.reason.setMinimumHeight(self.fontMetrics().lineSpacing() * 4)
        label = self.tr("Hva ønsker du, og hvorfor?")
        self.reason.setAccessibleName(label)
        self.body.addWidget(FormField(label, self.reason, parent=self))
        self.body.addStretch(1)
        self.reason.setFocus()

    def check(self) -> str:
        wished = [parse_decimal(field.text()) for field in self.doses]
        for field, value in zip(self.doses, wished, strict=True):
            if value is None or value <= 0:
                field.setFocus()
                return self.tr("Skriv dosen som et tall over null. Ingenting er skrevet.")
        try:
            changes = proposals.wish(
                self._context.session,
                "medication_request",
                self._order.id,
                self._values([value for value in wished if value is not None]),
                self.reason.toPlainText(),
            )
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""

    def _values(self, wished: list[Decimal]) -> dict[str, Any]:
        doses = tuple(
            replace(dose, dose_mg=value)
            for dose, value in zip(self._order.doses, wished, strict=True)
        )
        if doses == self._order.doses:
            return {}
        return {"doses": proposals.order_values(replace(self._order, doses=doses))["doses"]}
