"""The dark rail at the left: the pages by name, settings and lock at the bottom."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme

ICON_PIXELS = 24
WIDTH_PIXELS = 118


class Rail(QFrame):
    """Signals:
    chosen(str): a page name, or "command:lock".
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {}
        self._group = QButtonGroup(self)
        self._logo = QLabel(self)
        self._logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 14, 8, 12)
        layout.setSpacing(4)
        layout.addWidget(self._logo)
        layout.addSpacing(8)
        for name, icon, text, keys in self._entries():
            if name == "settings":
                layout.addStretch(1)
            layout.addWidget(self._add(name, icon, text, keys))
        layout.addWidget(self._add("command:lock", "lock", self.tr("Lås"), "Ctrl+L"))
        self._buttons["command:lock"].setCheckable(False)
        self._restyle()
        theme.current().changed.connect(self._restyle)

    @property
    def names(self) -> tuple[str, ...]:
        """The pages in rail order; the first one is Alt+1."""
        return tuple(name for name in self._buttons if not name.startswith("command:"))

    def set_current(self, name: str | None) -> None:
        """Light the entry of the page shown; None lights none."""
        for key, button in self._buttons.items():
            # An exclusive group refuses to uncheck its last button.
            self._group.setExclusive(False)
            button.setChecked(key == name)
            self._group.setExclusive(True)
        self._restyle()

    def _entries(self) -> tuple[tuple[str, str, str, str], ...]:
        return (
            ("today", "house", self.tr("I dag"), "Alt+1"),
            ("patients", "users", self.tr("Pasienter"), "Alt+2"),
            ("handout", "pill", self.tr("Medisinrunde"), "Alt+3"),
            ("sync", "refresh-cw", self.tr("Synk"), "Alt+4"),
            ("settings", "settings", self.tr("Innstillinger"), "Alt+5"),
        )

    def _add(self, name: str, icon: str, text: str, keys: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(f"{text} ({keys})")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(self._on_clicked)
        button.setProperty("target", name)
        self._buttons[name] = button
        self._icons[name] = icon
        self._group.addButton(button)
        return button

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if button is not None:
            self.chosen.emit(str(button.property("target")))

    @Slot()
    def _restyle(self) -> None:
        look = theme.current()
        self.setFixedWidth(look.pixels(WIDTH_PIXELS))
        self._logo.setVisible(look.scale <= 150)  # at larger text the entries need the height
        self._logo.setPixmap(icons.pixmap("heart-pulse", "rail_ink", 30))
        size = look.pixels(ICON_PIXELS)
        for name, button in self._buttons.items():
            token = "rail_selected_ink" if button.isChecked() else "rail_ink"
            button.setIcon(icons.icon(self._icons[name], token, ICON_PIXELS))
            button.setIconSize(QSize(size, size))
