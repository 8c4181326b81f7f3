"""Settings: whether one has a witness code, and the way to a new one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QWidget

from fieldapp.services import witness
from ui.context import AppContext
from ui.widgets import Banner, Card, SecondaryButton, Text
from ui.witness.code_dialog import SetCode, WitnessCodeDialog
from ui.words import clock_text, long_day

translate = QCoreApplication.translate


class WitnessCodeCard(Card):
    """Attributes: `said`, what this laptop knows of the own code."""

    def __init__(
        self,
        context: AppContext,
        prepare: Callable[[], SetCode] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(translate("witness", "Vitnekode"), parent)
        self._context = context
        self._prepare = prepare
        self._button = SecondaryButton("", self, icon="key-round", name="witnessCode")
        self._button.clicked.connect(self._open)
        self.head.addWidget(self._button)
        self.said = Text("", "muted", self)
        self.body.addWidget(self.said)
        self._banner = Banner("", "neutral", self)
        self.body.addWidget(self._banner)
        self.show_code()

    def show_code(self) -> None:
        """Read the store again."""
        known = witness.own_code(self._context.session)
        if known is None or not known.active:
            self._button.say(self.tr("Lag vitnekode …"))
            self.said.setText(
                self.tr(
                    "Du har ingen vitnekode på denne maskinen. Med den bekrefter du det en kollega "
                    "gjør, på kollegaens maskin og uten nett."
                )
            )
            return
        self._button.say(self.tr("Bytt vitnekode …"))
        at = known.changed_at
        said = self.tr("Du har en vitnekode. Den ble laget {day} kl. {time}.")
        self.said.setText(said.format(day=long_day(at.date()), time=clock_text(at)))

    @Slot()
    def _open(self) -> None:
        dialog = WitnessCodeDialog(self._context, self._prepare, self)
        dialog.code_set.connect(self._on_set)
        dialog.open()

    @Slot()
    def _on_set(self) -> None:
        said = self.tr("Koden er tatt i bruk. Kollegaenes maskiner kjenner den når de har synket.")
        self._banner.say(said, "ok")
        self._context.sync.sync_now()
