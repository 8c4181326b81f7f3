"""The look is readable in both schemes and follows the text size."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QApplication

from tests.helpers.a11y import audit, clipped, contrast
from tests.helpers.windows import LOOKS
from ui import icons
from ui.gallery import Gallery
from ui.shots import NEEDED_GLYPHS, PictureError, picture, settle
from ui.theme import TOKENS, Scheme, Theme, render

GROUNDS = ("ground", "surface", "sunken")
ON_SOFT = [(tone, f"{tone}_soft") for tone in ("accent", "danger", "warn", "ok")]


@pytest.mark.parametrize("scheme", TOKENS)
def test_every_text_stands_out_from_every_ground_it_is_used_on(scheme: str) -> None:
    tokens = TOKENS[scheme]
    pairs = [(ink, ground) for ink in ("ink", "muted") for ground in GROUNDS]
    pairs += [("danger", "surface"), ("accent", "surface"), ("ok", "surface"), ("warn", "surface")]
    pairs += [*ON_SOFT, *(("ink", soft) for _, soft in ON_SOFT)]
    pairs += [("on_accent", "accent"), ("on_accent", "accent_hover")]
    pairs += [("rail_ink", "rail"), ("rail_selected_ink", "rail_selected")]
    faint = {
        pair: round(contrast(QColor(tokens[pair[0]]), QColor(tokens[pair[1]])), 2)
        for pair in pairs
        if contrast(QColor(tokens[pair[0]]), QColor(tokens[pair[1]])) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("scheme", TOKENS)
def test_outlines_and_the_focus_ring_can_be_seen(scheme: str) -> None:
    tokens = TOKENS[scheme]
    for token in ("outline", "focus"):
        for ground in GROUNDS:
            assert contrast(QColor(tokens[token]), QColor(tokens[ground])) >= 3, (token, ground)


def test_both_schemes_have_the_same_tokens() -> None:
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()


def test_the_style_sheet_leaves_no_token_or_unit_behind() -> None:
    sheet = render(TOKENS["light"], 150)
    assert re.search(r"@|\d(sp|tp)\b", sheet.split("*/", 1)[1]) is None


def test_the_bundled_font_has_the_letters_of_the_language(theme: Theme) -> None:
    metrics = QFontMetrics(theme.font())
    assert all(metrics.inFontUcs4(ord(letter)) for letter in NEEDED_GLYPHS)


def test_text_grows_with_the_chosen_size_and_the_size_is_held_within_bounds(
    theme: Theme, qapp: QApplication
) -> None:
    small = theme.font().pixelSize()
    theme.apply(qapp, Scheme.LIGHT, 200)
    assert theme.font().pixelSize() == 2 * small
    theme.apply(qapp, Scheme.LIGHT, 900)
    assert theme.scale == 200


def test_an_icon_takes_the_colour_of_its_token(theme: Theme) -> None:
    image = icons.pixmap("check", "danger", 24).toImage()
    colours = {image.pixelColor(x, y).name() for x in range(48) for y in range(48)
               if image.pixelColor(x, y).alpha() == 255}  # fmt: skip
    assert theme.tokens["danger"] in colours


@pytest.mark.parametrize(("scheme", "scale"), LOOKS)
def test_no_widget_is_nameless_or_cut_off_in_any_look(
    theme: Theme, qapp: QApplication, scheme: Scheme, scale: int
) -> None:
    theme.apply(qapp, scheme, scale)
    gallery = Gallery()
    gallery.resize(1366, 900 if scale == 100 else 1800)
    gallery.show()
    settle()
    try:
        assert audit(gallery) == []
        assert clipped(gallery) == []
        picture(gallery)
    finally:
        gallery.close()
        gallery.deleteLater()


def test_a_blank_picture_is_refused(theme: Theme) -> None:
    from PySide6.QtWidgets import QWidget

    blank = QWidget()
    blank.resize(200, 100)
    try:
        with pytest.raises(PictureError):
            picture(blank)
    finally:
        blank.close()
        blank.deleteLater()
