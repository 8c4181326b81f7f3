"""What stands in the window when the laptop's store is destroyed on the organisation's order."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.device_orders import DeviceOrderKind
from ui.widgets import IconLabel, SecondaryButton, Text


class GonePage(QWidget):
    """No names, no counts: whoever sits here may be a stranger.

    Signals:
        close_asked(): the program is to end.
    """

    close_asked = Signal()

    def __init__(self, kind: DeviceOrderKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        lost = kind is DeviceOrderKind.LOST
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 40, 40, 40)
        column.setSpacing(12)
        column.addStretch(1)
        inner = QWidget(self)
        words = QVBoxLayout(inner)
        words.setSpacing(12)
        icon = IconLabel("lock" if lost else "circle-check", "muted", 40, inner)
        words.addWidget(icon, 0, Qt.AlignmentFlag.AlignLeft)
        title = self.tr("Laptopen er avsluttet")
        if lost:
            title = self.tr("Denne laptopen er meldt tapt")
        self.title = Text(title, "title", inner)
        self.text = Text(self._words(lost), "", inner)
        self.state = Text(self.tr("Sletter …"), "muted", inner)
        for label in (self.title, self.text, self.state):
            words.addWidget(label)
        self.close_button = SecondaryButton(self.tr("Lukk programmet"), inner, name="goneClose")
        self.close_button.setAutoDefault(True)  # Enter presses it, as on every front page
        self.close_button.clicked.connect(self.close_asked)
        words.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignLeft)
        # Half of the window, at any size of text: what is cut off here is read by nobody.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(inner, 2)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(2)
        self.setAccessibleName(f"{title}. {self._words(lost)}")

    def say_done(self, *, all_gone: bool = True) -> None:
        """All is gone, or the keys are and the files follow at the next start."""
        rest = self.tr("Nøklene er ødelagt. Resten slettes neste gang programmet starter.")
        self.state.setText(self.tr("Slettet.") if all_gone else rest)
        self.close_button.setFocus()

    def _words(self, lost: bool) -> str:
        if lost:
            return self.tr(
                "Kontoret har meldt den tapt. Nøklene til journalen på denne maskinen er "
                "ødelagt, så den kan ikke leses av noen. Det som var sendt, står trygt på "
                "serveren. Har du funnet laptopen, eller er dette en feil: ring kontoret."
            )
        return self.tr(
            "Alt som var her, er sendt, og serveren har kvittert for det. Journalen er slettet fra "
            "denne maskinen. Lever laptopen som avtalt, eller be kontoret om en ny engangskode."
        )
