from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.a11y import clipped, contrast
from ui import shots
from ui.theme import Scheme, Theme
from ui.widgets import (
    Banner,
    ChoiceRow,
    ConfirmDialog,
    CriticalBand,
    CriticalEntry,
    FormField,
    PrimaryButton,
    Rail,
    RailEntry,
    ScrollColumn,
    SearchField,
    SecondaryButton,
    Snackbar,
    Timeline,
    TimelineItem,
    TrendBand,
    TrendChart,
    TrendPoint,
    clear,
)


def spoken(widget: QWidget) -> str:
    found = QAccessible.queryAccessibleInterface(widget)
    assert found is not None
    return found.text(QAccessible.Text.Name)


def colours(widget: QWidget) -> set[str]:
    image = shots.picture(widget).toImage()
    return {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    }


def test_a_picture_of_a_trend_says_in_words_what_it_shows(theme: Theme, qtbot: QtBot) -> None:
    chart = TrendChart()
    qtbot.addWidget(chart)
    points = [TrendPoint(date(2026, 1, 10), 24, "jan."), TrendPoint(date(2026, 11, 1), 13, "nov.")]
    bands = [TrendBand(0, 7, "Sone I", "ok"), TrendBand(8, 40, "Sone II", "warn")]

    chart.show_trend(points, bands, 40, "AUDIT, siste 13, ned 11 siden januar")
    chart.resize(400, 220)

    assert spoken(chart) == "AUDIT, siste 13, ned 11 siden januar"
    assert {theme.color("ok_soft").name(), theme.color("warn_soft").name()} <= colours(chart)


@pytest.mark.parametrize("values", [[], [12], [5, 5], [0, 40]])
def test_a_trend_of_any_length_can_be_painted(
    theme: Theme, qtbot: QtBot, values: list[float]
) -> None:
    chart = TrendChart()
    qtbot.addWidget(chart)
    day = date(2026, 1, 10)  # the same day twice must not divide by nothing
    chart.show_trend([TrendPoint(day, value, "jan.") for value in values],
                     [TrendBand(0, 40, "Alle")], 40, "AUDIT")  # fmt: skip

    shots.picture(chart, QSize(400, 220))


def test_digits_choose_and_nothing_is_chosen_beforehand(theme: Theme, qtbot: QtBot) -> None:
    row = ChoiceRow("Tilstand", [("a", "Upåvirket"), ("b", "Påvirket")])
    qtbot.addWidget(row)
    row.show()
    assert row.value is None

    with qtbot.waitSignal(row.chosen) as chosen:
        QTest.keyClick(row.buttons()[0], Qt.Key.Key_2)

    assert chosen.args == ["b"]
    assert row.value == "b"


def test_a_digit_beyond_the_options_chooses_nothing(theme: Theme, qtbot: QtBot) -> None:
    row = ChoiceRow("Tilstand", [("a", "Upåvirket"), ("b", "Påvirket")])
    qtbot.addWidget(row)
    with qtbot.assertNotEmitted(row.chosen):
        QTest.keyClick(row, Qt.Key.Key_7)
        QTest.keyClick(row, Qt.Key.Key_0)

    assert row.value is None


def test_showing_a_choice_does_not_announce_it(theme: Theme, qtbot: QtBot) -> None:
    row = ChoiceRow("Tilstand", [("a", "Upåvirket"), ("b", "Påvirket")])
    qtbot.addWidget(row)
    with qtbot.assertNotEmitted(row.chosen):
        row.choose("b")
        assert row.value == "b"
        row.choose(None)

    assert row.value is None


@pytest.mark.parametrize("scale", [100, 200])
def test_critical_information_is_shown_whole_however_narrow_the_window(
    theme: Theme, qapp: QApplication, qtbot: QtBot, scale: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, scale)
    entries = [
        CriticalEntry("triangle-alert", "Allergi", "Penicillin, anafylaksi i 2019, se epikrise"),
        CriticalEntry("users-round", "Gå to sammen", "Avtalt i teamet 12.10., gjelder alltid"),
        CriticalEntry("heart-pulse", "Selvmordsrisiko", "Kriseplan ligger ved"),
    ]
    band = CriticalBand()
    qtbot.addWidget(band)
    band.show_entries(entries)
    # A top-level window ignores height for width, which every layout heeds.
    band.resize(700, band.heightForWidth(700))

    shots.picture(band)

    shown = " ".join(label.text() for label in band.findChildren(QLabel) if label.isVisible())
    for entry in entries:
        assert entry.title in shown
        assert entry.text in shown
        assert entry.words in spoken(band)
    assert clipped(band) == []


def test_a_band_with_nothing_critical_is_hidden(theme: Theme, qtbot: QtBot) -> None:
    band = CriticalBand()
    qtbot.addWidget(band)
    band.show_entries([CriticalEntry("baby", "Barn i hjemmet", "")])
    assert not band.isHidden()

    band.show_entries([])

    assert band.isHidden()


def test_a_search_is_announced_once_after_the_last_key(theme: Theme, qtbot: QtBot) -> None:
    field = SearchField("Søk pasient")
    qtbot.addWidget(field)
    heard: list[str] = []
    field.searched.connect(heard.append)

    QTest.keyClicks(field, "øde")
    assert heard == []
    field.debounce.timeout.emit()

    assert heard == ["øde"]


def test_clearing_a_search_shows_all_again_at_once(theme: Theme, qtbot: QtBot) -> None:
    field = SearchField("Søk pasient")
    qtbot.addWidget(field)
    field.show()
    assert not field.clear_button.isVisible()
    field.setText("øde")
    assert field.clear_button.isVisible()

    with qtbot.waitSignal(field.searched) as searched:
        QTest.mouseClick(field.clear_button, Qt.MouseButton.LeftButton)

    assert searched.args == [""]
    assert not field.clear_button.isVisible()


def test_down_leads_from_the_search_to_the_list(theme: Theme, qtbot: QtBot) -> None:
    field = SearchField("Søk pasient")
    qtbot.addWidget(field)

    with qtbot.waitSignal(field.down_pressed):
        QTest.keyClick(field, Qt.Key.Key_Down)


def test_a_field_says_what_is_wrong_to_eye_and_ear(theme: Theme, qtbot: QtBot) -> None:
    editor = QLineEdit()
    field = FormField("Dose", editor, "I milligram")
    qtbot.addWidget(field)
    field.show()

    field.say_problem("Dosen må være større enn 0.")

    assert spoken(editor) == "Dose"
    assert editor.accessibleDescription() == "Dosen må være større enn 0."
    assert theme.color("danger").name() in colours(editor)
    field.say_problem("")
    assert field.problem == ""
    assert editor.accessibleDescription() == ""


def test_an_empty_banner_is_hidden(theme: Theme, qtbot: QtBot) -> None:
    banner = Banner("Listen er hentet.")
    qtbot.addWidget(banner)

    banner.say("")

    assert banner.isHidden()


@pytest.mark.parametrize("scale", [100, 200])
def test_a_snackbar_stays_whole_at_the_bottom_when_the_page_is_resized(
    theme: Theme, qapp: QApplication, qtbot: QtBot, scale: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, scale)
    page = QWidget()
    qtbot.addWidget(page)
    bar = Snackbar(page)
    bar.say("Metadon 90 mg er ført som gitt til Åse Ødegård kl. 08:55", undo=True)

    shots.picture(page, QSize(640, 400))

    assert clipped(page) == []
    assert page.rect().contains(bar.geometry())
    assert bar.geometry().bottom() > 350


def test_a_snackbar_takes_the_act_back_once(theme: Theme, qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.show()
    bar = Snackbar(page)
    bar.say("Gitt", undo=True)

    with qtbot.waitSignal(bar.undo_asked):
        QTest.mouseClick(bar.undo, Qt.MouseButton.LeftButton)

    assert bar.isHidden()


def test_a_timeline_entry_is_opened_by_key_and_spoken_whole(theme: Theme, qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.show_items([TimelineItem("7", "pill", "Metadon gitt", "90 mg", "08:55", "ok")])
    timeline.show()
    entry = next(
        child
        for child in timeline.findChildren(QWidget)
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus
    )

    with qtbot.waitSignal(timeline.chosen) as chosen:
        QTest.keyClick(entry, Qt.Key.Key_Return)

    assert chosen.args == ["7"]
    assert spoken(entry) == "Metadon gitt, 90 mg, 08:55"


def test_the_rail_tells_a_badge_in_words(theme: Theme, qtbot: QtBot) -> None:
    rail = Rail([RailEntry("sync", "refresh-cw", "Synk", "Alt+4")], [])
    qtbot.addWidget(rail)
    rail.show()

    rail.button("sync").set_badge(3)

    assert spoken(rail.button("sync")) == "Synk, 3"


def test_the_rail_is_as_wide_as_its_longest_word(
    theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    rail = Rail([RailEntry("handout", "pill", "Medisinrunden i dag")], [])
    qtbot.addWidget(rail)
    rail.show()

    theme.apply(qapp, Scheme.LIGHT, 200)
    shots.settle()
    rail.adjustSize()

    assert clipped(rail) == []


PLACES = ("I dag", "Pasienter", "Medisinrunde", "Synk", "Innstillinger", "Lås")


@pytest.mark.parametrize(("scale", "height"), [(100, 420), (150, 600), (200, 700), (200, 480)])
def test_the_words_of_the_rail_stay_whole_on_a_low_screen(
    theme: Theme, qapp: QApplication, qtbot: QtBot, scale: int, height: int
) -> None:
    theme.apply(qapp, Scheme.LIGHT, scale)
    window = QWidget()
    qtbot.addWidget(window)
    rail = Rail([RailEntry(word, "house", word) for word in PLACES], [], window)
    layout = QHBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(rail)

    shots.picture(window, QSize(400, height))

    assert window.height() == height
    assert clipped(window) == []


def test_the_icons_of_the_rail_come_back_when_there_is_room(theme: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    rail = Rail([RailEntry(word, "house", word) for word in PLACES], [], window)
    layout = QHBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(rail)
    styles = []
    for height in (340, 800):
        shots.picture(window, QSize(400, height))
        styles.append(rail.button("Synk").toolButtonStyle())

    assert styles == [
        Qt.ToolButtonStyle.ToolButtonTextOnly,
        Qt.ToolButtonStyle.ToolButtonTextUnderIcon,
    ]


def test_the_focus_on_a_primary_button_is_parted_from_its_colour(
    theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    for scheme in (Scheme.LIGHT, Scheme.DARK):
        theme.apply(qapp, scheme, 100)
        button = PrimaryButton("Gitt")
        qtbot.addWidget(button)
        button.show()
        with qtbot.waitActive(button):
            button.activateWindow()
        button.setFocus()

        image = shots.picture(button).toImage()
        middle = image.height() // 2
        edge = [image.pixelColor(x, middle) for x in range(0, 14)]

        steps = [contrast(a, b) for a, b in zip(edge, edge[1:], strict=False)]
        assert max(contrast(theme.color("accent"), one) for one in edge) >= 3
        assert max(steps) >= 1.5
        button.hide()


def test_esc_leaves_a_dialog_and_ctrl_enter_does_the_act(theme: Theme, qtbot: QtBot) -> None:
    for key, modifier, signal in (
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "rejected"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, "accepted"),
    ):
        page = QWidget()
        qtbot.addWidget(page)
        page.resize(800, 600)
        page.show()
        dialog = ConfirmDialog("Lås notatet?", "Det kan ikke endres.", "Signer og lås", page)
        dialog.open()
        with qtbot.waitActive(dialog):
            dialog.activateWindow()

        with qtbot.waitSignal(getattr(dialog, signal)):
            QTest.keyClick(dialog, key, modifier)


def test_rows_made_anew_leave_the_page_where_it_was_scrolled(theme: Theme, qtbot: QtBot) -> None:
    page = ScrollColumn("Dagen")
    qtbot.addWidget(page)
    column = QVBoxLayout()
    page.body.addLayout(column)
    page.body.addWidget(SecondaryButton("Til medisinrunden"))
    for number in range(30):
        column.addWidget(PrimaryButton(f"Besøk {number}"))
    page.resize(300, 300)
    page.show()
    with qtbot.waitActive(page):
        page.activateWindow()
    page.findChildren(PrimaryButton)[0].setFocus()

    clear(column)
    for number in range(30):
        column.addWidget(PrimaryButton(f"Besøk {number}"))
    shots.settle()

    assert page.verticalScrollBar().value() == 0
    focused = QApplication.focusWidget()
    assert focused is not None
    assert page.isAncestorOf(focused)
