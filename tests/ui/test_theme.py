from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import ui
from fieldapp.paths import resources_dir
from tests.helpers.a11y import contrast
from ui import icons, shots
from ui.theme import TOKENS, Scheme, Theme, render

TONES = ("accent", "danger", "warn", "ok")
GROUNDS = ("ground", "surface", "sunken", "accent_soft")

READ = [
    *(("ink", ground) for ground in (*GROUNDS, "danger_soft", "warn_soft", "ok_soft")),
    *(("muted", ground) for ground in GROUNDS),
    *((tone, ground) for tone in TONES for ground in ("ground", "surface", "sunken")),
    *((tone, f"{tone}_soft") for tone in TONES),
    ("muted", "danger_soft"),
    ("muted", "warn_soft"),
    ("muted", "ok_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("rail_ink", "rail"),
    ("rail_ink", "rail_selected"),
    ("rail_selected_ink", "rail_selected"),
]
SEEN = [
    *(("outline", ground) for ground in ("ground", "surface", "sunken")),
    *(("focus", ground) for ground in GROUNDS),
    ("on_accent", "accent"),
    ("rail_selected_ink", "rail"),
]


@pytest.mark.parametrize("scheme", TOKENS)
@pytest.mark.parametrize(("front", "back"), READ)
def test_text_can_be_read_on_its_ground(scheme: str, front: str, back: str) -> None:
    tokens = TOKENS[scheme]
    assert contrast(QColor(tokens[front]), QColor(tokens[back])) >= 4.5


@pytest.mark.parametrize("scheme", TOKENS)
@pytest.mark.parametrize(("front", "back"), SEEN)
def test_outlines_and_focus_rings_can_be_seen(scheme: str, front: str, back: str) -> None:
    tokens = TOKENS[scheme]
    assert contrast(QColor(tokens[front]), QColor(tokens[back])) >= 3


def test_both_schemes_know_the_same_tokens() -> None:
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()


@pytest.mark.parametrize("scheme", TOKENS)
def test_the_style_sheet_is_rendered_without_leftovers(scheme: str, theme: Theme) -> None:
    sheet = render(TOKENS[scheme], 150)

    assert not re.search(r"@[a-z]|\d[st]p\b", sheet)


def test_marks_in_the_style_sheet_take_the_colour_of_the_scheme(theme: Theme) -> None:
    files = re.findall(r'url\("([^"]+)"\)', render(TOKENS["dark"], 100))

    assert files
    for file in files:
        with open(file, encoding="utf-8") as svg:
            assert "currentColor" not in svg.read()


def test_every_icon_that_the_window_names_is_bundled() -> None:
    bundled = {file.stem for file in (resources_dir() / "icons").glob("*.svg")}
    sheet = (resources_dir() / "qss" / "app.qss").read_text(encoding="utf-8")
    named = set(re.findall(r"@icon\(([a-z0-9-]+),", sheet))
    for file in Path(ui.__file__).parent.rglob("*.py"):
        named |= _icons_named_in(ast.parse(file.read_text(encoding="utf-8")))

    assert len(named) > 20
    assert named <= bundled


def _icons_named_in(tree: ast.Module) -> set[str]:
    place = {"icon": 0, "pixmap": 0, "IconLabel": 0, "Pill": 0, "EmptyState": 0, "RailEntry": 1}
    found: list[ast.expr] = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in place and len(call.args) > place[name]:
            found.append(call.args[place[name]])
        found += [keyword.value for keyword in call.keywords if keyword.arg == "icon"]
    words = [one.value for one in found if isinstance(one, ast.Constant)]
    return {word for word in words if isinstance(word, str) and word}


def test_dark_gives_the_palette_its_colours(theme: Theme, qapp: QApplication) -> None:
    theme.apply(qapp, Scheme.DARK, 100)

    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(TOKENS["dark"]["ground"])
    assert theme.color("ink") == QColor(TOKENS["dark"]["ink"])


def test_a_new_look_is_announced(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.apply(qapp, Scheme.LIGHT, 150)


@pytest.mark.parametrize(("asked", "given"), [(40, 100), (150, 150), (900, 200)])
def test_the_text_size_is_held_between_100_and_200(
    theme: Theme, qapp: QApplication, asked: int, given: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, asked)

    assert theme.scale == given
    assert qapp.font().pixelSize() == theme.pixels(15)


def test_the_desktops_change_of_scheme_concerns_only_those_who_follow_it(
    theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    desktop = qapp.styleHints()
    with qtbot.assertNotEmitted(theme.changed):
        desktop.colorSchemeChanged.emit(desktop.colorScheme())
    theme.apply(qapp, Scheme.SYSTEM, 100)
    with qtbot.waitSignal(theme.changed):
        desktop.colorSchemeChanged.emit(desktop.colorScheme())


def test_the_bundled_font_has_the_letters_and_digits_of_one_width(theme: Theme) -> None:
    metrics = QFontMetrics(theme.font())

    assert all(metrics.inFontUcs4(ord(letter)) for letter in "æøåÆØÅéüäö–≥½µ°−•…«»")
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")


def test_an_icon_has_the_colour_of_its_token(theme: Theme) -> None:
    image = icons.pixmap("square-pen", "danger", 24).toImage()
    painted = {
        image.pixelColor(x, y).rgb()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }

    assert painted == {theme.color("danger").rgb()}


def test_a_button_is_large_enough_for_a_thumb_at_every_text_size(
    theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    for scale in (100, 150, 200):
        theme.apply(qapp, Scheme.LIGHT, scale)
        button = QPushButton("Gitt")
        qtbot.addWidget(button)
        button.show()
        assert button.height() >= 44


def test_a_picture_is_twice_the_size_of_the_widget(theme: Theme, qtbot: QtBot) -> None:
    label = QLabel("Ødegård, Åse")
    qtbot.addWidget(label)

    picture = shots.picture(label, QSize(200, 60))

    assert (picture.width(), picture.height()) == (400, 120)


def test_a_blank_picture_is_refused(theme: Theme, qtbot: QtBot) -> None:
    empty = QWidget()
    qtbot.addWidget(empty)

    with pytest.raises(shots.PictureError, match="blank"):
        shots.picture(empty, QSize(200, 60))
