"""Settings "Lås": how soon the window locks, and the PIN that opens it again."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from fieldapp.services import settings
from ui.context import AppContext
from ui.lock import settings as lock_settings
from ui.lock.pin_dialog import PinDialog
from ui.widgets import Card, ChoiceRow, SecondaryButton, Text, row_of


class LockCard(Card):
    """Minutes are kept in the store; a PIN only in this process."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("Lås"))
        self.heading.show()
        self._context = context
        self._add_minutes()
        self._add_pin()
        said = self.tr(
            "«Lås og lukk» tømmer også minnet: programmet starter på nytt og ber om passfrasen."
        )
        self._end = SecondaryButton(self.tr("Lås og lukk"), self, icon="lock", name="lockAndEnd")
        self._end.clicked.connect(self._on_end)
        self.body.addWidget(Text(said, "small", self))
        self.body.addLayout(row_of(self._end, None))

    def show_now(self) -> None:
        """Show what holds now."""
        session = self._context.session
        allowed = lock_settings.choices(session)
        for minutes, button in zip(lock_settings.CHOICES, self._minutes.buttons(), strict=True):
            button.setVisible(minutes in allowed)
        self._minutes.choose(lock_settings.minutes(session))
        self._longest.setText(
            self.tr("Virksomheten har bestemt høyst {n} minutter.").format(n=allowed[-1])
        )
        locks = self._context.locks
        has_pin = locks is not None and locks.has_pin
        self._pin_says.setText(
            self.tr("PIN-koden gjelder til programmet avsluttes, i høyst åtte timer.")
            if has_pin
            else self.tr("Ingen PIN-kode. Vinduet låses opp med passfrasen.")
        )
        self._set.say(self.tr("Bytt PIN-kode") if has_pin else self.tr("Sett PIN-kode"))
        wanted = lock_settings.wants_pin(session)
        self._drop.setVisible(has_pin or wanted)
        for button in (self._set, self._drop, self._end):
            button.setEnabled(locks is not None)

    def _add_minutes(self) -> None:
        words = self.tr("Lås etter så mange minutter uten bruk")
        choices = [(minutes, str(minutes)) for minutes in lock_settings.CHOICES]
        self._minutes = ChoiceRow(words, choices, self, name="lockMinutes")
        self._minutes.chosen.connect(self._on_minutes)
        self.body.addWidget(Text(words, "label", self))
        self.body.addWidget(self._minutes)
        self._longest = Text("", "small", self)
        self.body.addWidget(self._longest)
        handout = self.tr(
            "Medisinrunden låses etter {n} minutter, eller før. Maskinen låser alltid når den går "
            "i dvale. Det du skriver, er lagret først."
        ).format(n=lock_settings.HANDOUT_MINUTES)
        self.body.addWidget(Text(handout, "small", self))

    def _add_pin(self) -> None:
        self.body.addWidget(Text(self.tr("PIN-kode"), "label", self))
        self._pin_says = Text("", "muted", self)
        self.body.addWidget(self._pin_says)
        self._set = SecondaryButton("", self, name="setPin")
        self._set.clicked.connect(self._on_set)
        self._drop = SecondaryButton(self.tr("Slutt med PIN-kode"), self, name="dropPin")
        self._drop.clicked.connect(self._on_drop)
        self.body.addLayout(row_of(self._set, self._drop, None))

    @Slot(object)
    def _on_minutes(self, value: object) -> None:
        settings.put(self._context.session, lock_settings.LOCK_MINUTES, str(value))
        if self._context.locks is not None:
            self._context.locks.minutes_changed()

    @Slot()
    def _on_set(self) -> None:
        dialog = PinDialog(self._context, self.window())
        dialog.accepted.connect(self._on_pin_set)
        dialog.open()

    @Slot()
    def _on_pin_set(self) -> None:
        settings.put(self._context.session, lock_settings.PIN_WANTED, "1")
        self.show_now()

    @Slot()
    def _on_drop(self) -> None:
        if self._context.locks is not None:
            self._context.locks.drop_pin()
        settings.put(self._context.session, lock_settings.PIN_WANTED, "0")
        self.show_now()

    @Slot()
    def _on_end(self) -> None:
        if self._context.locks is not None:
            self._context.locks.end()
