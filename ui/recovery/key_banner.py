"""What stands over the day's pages when something is to be done, or told, about the keys."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.context import AppContext
from ui.widgets import Banner, QuietButton, SecondaryButton


class KeyBanner(Banner):
    """Calm: it stands until a new key is made, and nothing is closed meanwhile."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "neutral", parent)
        self.setObjectName("keyBanner")
        self._context = context
        self._read = False
        self.renew = SecondaryButton(
            self.tr("Lag ny gjenopprettingsnøkkel …"), self, icon="key-round", name="keyBannerRenew"
        )
        self.renew.clicked.connect(self._renew)
        self.add_button(self.renew)
        self.seen = QuietButton(self.tr("Lest"), self)
        self.seen.setObjectName("keyBannerSeen")
        self.seen.clicked.connect(self._on_seen)
        self.add_button(self.seen)
        self.show_now()

    @Slot()
    def show_now(self) -> None:
        """Say how it stands at the moment."""
        keys = self._context.keys
        due = "" if keys is None else keys.recovery_key_due()
        told = keys is not None and keys.took_escrow and not self._read
        self.renew.setVisible(bool(due))
        self.seen.setVisible(told and not due)
        if due == "used":
            self.say(
                self.tr(
                    "Gjenopprettingsnøkkelen din er brukt for å sende det som var usendt. Lag en "
                    "ny, på papir, når du har et rolig øyeblikk. Den gamle virker til da."
                ),
                "warn",
            )
        elif due:
            self.say(
                self.tr(
                    "Ingen har vist at gjenopprettingsnøkkelen står på papir. Uten den kan en "
                    "glemt passfrase koste det som er usendt. Lag en ny når du har et rolig "
                    "øyeblikk."
                ),
                "warn",
            )
        elif told:
            self.say(
                self.tr(
                    "Virksomheten har fått en nødnøkkel til denne journalen: to betrodde kan åpne "
                    "den sammen hvis passfrase og papir er borte. Se «Nøkler» i innstillingene."
                )
            )
        else:
            self.say("")

    @Slot()
    def _renew(self) -> None:
        from ui.settings.keys import RecoveryDialog

        keys = self._context.keys
        if keys is None:
            return
        dialog = RecoveryDialog(self._context, keys, self.window())
        dialog.accepted.connect(self.show_now)
        dialog.open()

    @Slot()
    def _on_seen(self) -> None:
        self._read = True
        self.show_now()
