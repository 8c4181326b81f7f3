"""Amber: reserved at one touch where there is a line; without one only the emergency is left."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fieldapp.domain.claims import ClaimState, day_unit
from fieldapp.domain.patients import Role
from fieldapp.services import claims
from tests.helpers.claims import claim_of, deliver, grant, trust
from tests.helpers.pages import Coverage
from tests.helpers.ward import BERIT, TODAY, Ward, receive
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import button, events, offered, orders_of, press, said

PER = "p-per"


def take_claim(ward: Ward) -> None:
    """The server has the day free again."""
    free = claim_of(
        ward.session,
        orders_of(ward, "r-per"),
        TODAY,
        state=ClaimState.FREE,
        holder_device_id=None,
        holder_id=None,
    )
    deliver(ward.session, free)
    trust(ward.session)


def give_to_berit(ward: Ward) -> None:
    order = orders_of(ward, "r-per")
    theirs = claim_of(ward.session, order, TODAY, holder_device_id="d-2", holder_id=BERIT.id)
    deliver(ward.session, theirs)
    trust(ward.session)


def test_amber_is_not_given_by_key_or_by_touch(open_page: OpenPage, ward: Ward) -> None:
    take_claim(ward)
    page = open_page(PER)
    assert not offered(page, "given")
    press(page, "KUEG")
    assert events(ward) == []
    words = said(page)
    assert "Gult: ikke gi ennå" in words
    assert "Ingenting er skrevet." in words


def test_one_button_wishes_syncs_and_turns_green_when_the_claim_has_come(
    open_page: OpenPage, ward: Ward, qtbot: QtBot
) -> None:
    take_claim(ward)
    page = open_page(PER)
    press(page, "KU")
    target = button(page, "reserveNow")
    assert target.height() >= 44
    with qtbot.waitSignal(page.presenter.sync_asked):
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    (wish,) = claims.wishes(ward.session)
    assert (wish.patient_id, wish.group, wish.unit) == (PER, "opioid", day_unit(TODAY))
    assert "Reserverer …" in button(page, "reserveNow").text()

    grant(ward.session, orders_of(ward, "r-per"))
    page.context.sync.finished.emit(None)
    assert "Grønt: kan gis" in said(page)
    assert "Reservert for deg. Dosen kan gis." in said(page)
    press(page, "G")
    (event,) = events(ward)
    assert event.claim is not None
    assert event.forced is None


def test_a_wish_that_was_denied_says_who_has_the_day(open_page: OpenPage, ward: Ward) -> None:
    take_claim(ward)
    page = open_page(PER)
    button(page, "reserveNow").click()
    give_to_berit(ward)
    page.context.sync.finished.emit(None)
    words = said(page)
    assert "Rødt: ikke gi" in words
    assert "Berit Åsheim (tlf.\u00a0900\u00a033\u00a0444)" in words
    assert not offered(page, "reserveNow")
    assert not offered(page, "given")


def test_without_a_line_only_the_emergency_is_left(open_page: OpenPage, ward: Ward) -> None:
    take_claim(ward)
    page = open_page(PER)
    sync = page.context.sync
    assert isinstance(sync, Coverage)
    sync.turn(False)
    assert not offered(page, "reserveNow")
    assert button(page, "forceAsk").height() >= 44
    sync.turn(True)
    assert offered(page, "reserveNow")
    assert not offered(page, "forceAsk")


def test_somebody_who_may_neither_give_nor_force_is_told_so_instead_of_a_button(
    open_page: OpenPage, ward: Ward
) -> None:
    give_to_berit(ward)
    peer = replace(ward.session.user, role=Role.PEER)
    receive(ward.session, [peer])
    ward = replace(ward, session=replace(ward.session, user=peer))
    page = open_page(PER, ward)
    assert not offered(page, "forceAsk")
    assert "Rollen din gir ikke adgang til dette. Ingenting er endret." in said(page)
