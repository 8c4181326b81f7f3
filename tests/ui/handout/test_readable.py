"""In every state of the page no words are cut and every control has a name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QDialog

from tests.helpers.a11y import audit, clipped
from tests.helpers.claims import grant_depot
from tests.helpers.pages import Coverage
from tests.helpers.ward import AASE, MARET, Ward
from tests.ui.handout.conftest import OpenPage
from tests.ui.handout.hand import button, press
from tests.ui.handout.test_acts import PER, with_take_home
from tests.ui.handout.test_depot import ELIN, a_depot
from tests.ui.handout.test_reserve import give_to_berit, take_claim
from ui.handout.page import HandoutPage
from ui.shots import settle
from ui.theme import Scheme

State = Callable[[HandoutPage], None]


def said_amber_offline(page: HandoutPage) -> None:
    sync = page.context.sync
    assert isinstance(sync, Coverage)
    sync.turn(False)


def said_other(page: HandoutPage) -> None:
    press(page, "SJ")
    button(page, "given").click()


def home(page: HandoutPage) -> None:
    button(page, "home_3").click()
    button(page, "given").click()


def forced(page: HandoutPage) -> None:
    press(page, "KUE")
    button(page, "forceAsk").click()


STATES: dict[str, tuple[str, Callable[[Ward], object] | None, State]] = {
    "green": (AASE, None, lambda page: None),
    "other dose": (AASE, None, said_other),
    "given": (AASE, None, lambda page: press(page, "KUG")),
    "not given": (AASE, None, lambda page: press(page, "H1")),
    "past": (AASE, None, lambda page: button(page, "past").click()),
    "tablet": (MARET, None, lambda page: press(page, "KUDG")),
    "amber": (PER, take_claim, lambda page: None),
    "amber offline": (PER, take_claim, said_amber_offline),
    "red": (PER, give_to_berit, lambda page: press(page, "KUG")),
    "forced": (PER, give_to_berit, forced),
    "take-home": (PER, with_take_home, home),
    "depot": (ELIN, lambda ward: grant_depot(ward.session, a_depot(ward)), lambda page: None),
    "witness": (AASE, None, lambda page: button(page, "witnessAsk").click()),
}


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_and_everything_has_a_name(
    state: str, open_page: OpenPage, ward: Ward, qapp: QApplication
) -> None:
    patient_id, prepare, act = STATES[state]
    if prepare is not None:
        prepare(ward)
    page = open_page(patient_id)
    act(page)
    looks = ((Scheme.LIGHT, 100), (Scheme.DARK, 100), (Scheme.LIGHT, 200), (Scheme.DARK, 200))
    for scheme, scale in looks:
        page.context.theme.apply(qapp, scheme, scale)
        settle()
        for shown in (page, *page.findChildren(QDialog)):
            assert audit(shown) == []
            assert clipped(shown) == []
