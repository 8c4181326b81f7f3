"""The look: colour tokens, palette, style sheet, fonts and text size.

Fusion and our own tokens, so that the window looks the same on every system and dark mode works
where Qt cannot set it. A page asks for a token by name and never writes a colour.
"""

from __future__ import annotations

import atexit
import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from fieldapp.paths import resources_dir

TOKENS: dict[str, dict[str, str]] = {
    "light": {
        "ground": "#f3f5f7",
        "surface": "#ffffff",
        "sunken": "#eef1f4",
        "line": "#dfe4e9",
        "outline": "#76838f",
        "ink": "#15202b",
        "muted": "#51606d",
        "rail": "#10343b",
        "rail_ink": "#dcebea",
        "rail_selected": "#1f535b",
        "rail_selected_ink": "#ffffff",
        "accent": "#0b6a6a",
        "accent_hover": "#095656",
        "accent_soft": "#e0f1ef",
        "accent_line": "#a9d5d0",
        "on_accent": "#ffffff",
        "danger": "#b3162b",
        "danger_hover": "#8f1122",
        "danger_soft": "#fdecee",
        "danger_line": "#f0b6bd",
        "on_danger": "#ffffff",
        "warn": "#7d4b00",
        "warn_soft": "#fff3da",
        "warn_line": "#eacb8b",
        "ok": "#17683a",
        "ok_soft": "#e3f4e8",
        "ok_line": "#a8d8b8",
        "focus": "#0b57d0",
    },
    "dark": {
        "ground": "#0f1518",
        "surface": "#182024",
        "sunken": "#11191c",
        "line": "#2c373d",
        "outline": "#83919a",
        "ink": "#e8eef0",
        "muted": "#a9b6bd",
        "rail": "#0a1a1e",
        "rail_ink": "#c9dcdb",
        "rail_selected": "#1a4047",
        "rail_selected_ink": "#ffffff",
        "accent": "#4cc2b5",
        "accent_hover": "#72d3c8",
        "accent_soft": "#123735",
        "accent_line": "#24605b",
        "on_accent": "#06201f",
        "danger": "#ff8f99",
        "danger_hover": "#ffabb2",
        "danger_soft": "#3a161b",
        "danger_line": "#74303a",
        "on_danger": "#2b070b",
        "warn": "#ffc661",
        "warn_soft": "#352710",
        "warn_line": "#66501f",
        "ok": "#76d69a",
        "ok_soft": "#143222",
        "ok_line": "#2a6042",
        "focus": "#8ab4ff",
    },
}
"""Text pairs are at least 4.5:1 and `outline` and `focus` at least 3:1; a test measures them."""

FONT_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "Inter-Bold.otf")
BASE_PIXELS = 15
"""Body text at 100 %."""

SCALES = (100, 125, 150, 175, 200)


class Scheme(StrEnum):
    """SYSTEM follows the desktop and falls back to light where it does not say."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


class Theme(QObject):
    """The look in force.

    Attributes:
        scheme: what the user chose.
        scale: text size in per cent, 100 to 200.
    Signals:
        changed(): colours or text size are new; painted widgets repaint, icons are made again.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scheme = Scheme.LIGHT
        self.scale = 100
        self._family = ""
        self._app: QApplication | None = None

    @property
    def dark(self) -> bool:
        if self.scheme is Scheme.SYSTEM:
            return QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK

    @property
    def tokens(self) -> dict[str, str]:
        return TOKENS["dark" if self.dark else "light"]

    def color(self, token: str) -> QColor:
        """Return the colour of a token; KeyError for a name that is none."""
        return QColor(self.tokens[token])

    def pixels(self, size: float) -> int:
        """Return a size given for 100 % text at the text size in force."""
        return round(size * self.scale / 100)

    def touch(self, size: float) -> int:
        """Return a size that grows less than the text: targets for a thumb, icons on their own."""
        return round(size * _growth(self.scale))

    def font(self, size: float = BASE_PIXELS, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the app's font at `size` pixels for 100 % text."""
        font = QFont(self._family or QApplication.font().family())
        font.setPixelSize(self.pixels(size))
        font.setWeight(weight)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
        # Digits of one width; an l with a tail and an I with serifs, unlike 1: doses and names.
        for feature in ("tnum", "cv05", "cv08"):
            font.setFeature(QFont.Tag(feature), 1)
        return font

    def apply(self, app: QApplication, scheme: Scheme, scale: int) -> None:
        """Put the look on the whole application. `scale` is held within 100 to 200."""
        self.scheme = scheme
        self.scale = max(SCALES[0], min(SCALES[-1], scale))
        if not self._family:
            self._family = _load_fonts()
            app.setStyle("Fusion")
            app.styleHints().colorSchemeChanged.connect(self._on_system_scheme)
        self._app = app
        app.setFont(self.font())
        app.setPalette(self._palette())
        app.setStyleSheet(render(self.tokens, self.scale))
        global _current
        _current = self
        self.changed.emit()

    @Slot()
    def _on_system_scheme(self) -> None:
        """The desktop went dark or light; it concerns only those who follow it."""
        if self.scheme is Scheme.SYSTEM and self._app is not None:
            self.apply(self._app, self.scheme, self.scale)

    def _palette(self) -> QPalette:
        roles = {
            QPalette.ColorRole.Window: "ground",
            QPalette.ColorRole.Base: "surface",
            QPalette.ColorRole.AlternateBase: "sunken",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.WindowText: "ink",
            QPalette.ColorRole.Text: "ink",
            QPalette.ColorRole.ButtonText: "ink",
            QPalette.ColorRole.ToolTipBase: "surface",
            QPalette.ColorRole.ToolTipText: "ink",
            QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent",
            QPalette.ColorRole.Accent: "accent",
            QPalette.ColorRole.PlaceholderText: "muted",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.Mid: "line",
        }
        palette = QPalette()
        for role, token in roles.items():
            palette.setColor(role, self.color(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("muted"))
        return palette


_current: Theme | None = None


def current() -> Theme:
    """Return the theme last applied. Widgets that paint themselves ask it at each paint."""
    if _current is None:
        raise RuntimeError("Theme.apply has not been called")
    return _current


def render(tokens: dict[str, str], scale: int) -> str:
    """Return the style sheet.

    `@name` becomes a colour, `@icon(file,token)` the address of an icon in that colour, `12sp` a
    size that follows the text, `42tp` a touch target: large enough for a thumb at 100 % and
    growing less than the text does.
    """
    template = (resources_dir() / "qss" / "app.qss").read_text(encoding="utf-8")
    sheet = re.sub(
        r"@icon\(([a-z0-9-]+),([a-z_]+)\)",
        lambda match: f'url("{_icon_file(match[1], tokens[match[2]])}")',
        template,
    )
    sheet = re.sub(r"@([a-z_]+)", lambda match: tokens[match[1]], sheet)
    sheet = re.sub(r"(\d+)sp\b", lambda match: f"{round(int(match[1]) * scale / 100)}px", sheet)
    growth = _growth(scale)
    return re.sub(r"(\d+)tp\b", lambda match: f"{round(int(match[1]) * growth)}px", sheet)


def _growth(scale: int) -> float:
    return 1 + (scale - 100) / 100 * 0.4


@lru_cache(maxsize=1)
def _icon_dir() -> QTemporaryDir:
    folder = QTemporaryDir()
    # Python ends without destroying what it still holds, so Qt would leave the folder behind.
    atexit.register(folder.remove)
    return folder


@lru_cache(maxsize=64)
def _icon_file(name: str, color: str) -> str:
    """Return the address of an icon in one colour.

    WORKAROUND a style sheet takes pictures from files only and cannot colour them, so the few
    that it draws (arrows, check marks) are written to a folder that is deleted at exit. On a
    full disk they stay black rather than keep the window from opening.
    """
    source = resources_dir() / "icons" / f"{name}.svg"
    if not _icon_dir().isValid():
        return source.as_posix()
    svg = source.read_text(encoding="utf-8")
    file = Path(_icon_dir().path()) / f"{name}-{color.removeprefix('#')}.svg"
    try:
        file.write_text(svg.replace("currentColor", color), encoding="utf-8")
    except OSError:
        return source.as_posix()
    return file.as_posix()


def _load_fonts() -> str:
    family = ""
    for name in FONT_FILES:
        number = QFontDatabase.addApplicationFont(str(resources_dir() / "fonts" / name))
        if number < 0:
            raise RuntimeError(f"font {name} cannot be loaded")
        family = family or QFontDatabase.applicationFontFamilies(number)[0]
    return family
