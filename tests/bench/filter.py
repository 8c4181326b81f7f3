"""From a keystroke to the filtered list on screen, with 10,000 patients."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path

from fieldapp.domain.patients import Patient
from fieldapp.services import patients
from tests.bench.rows import Row, interleaved
from tests.helpers.ward import NOW, TODAY, Ward, make_ward, receive

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.helpers.windows import no_sync
from ui.app import set_up
from ui.patients.page import PatientsPage
from ui.workspace import Workspace

PATIENTS = 10_000
_ROUNDS = 60
_PAGE = 200
_WORDS = ("ha", "åse ", "bakk", "9000", "ødegå", "strand 1")
"""What is typed, a key at a time; few and many hits, with and without our own letters."""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, _page(Path(folder)) as page:
        found = patients.rows(page.context.session)
        texts = [row.search_text for row in found]
        queries = [word[:end] for word in _WORDS for end in range(1, len(word) + 1)]
        ours = _each(queries, lambda query: _type(page, query))
        plain = _each(queries, lambda query: [text for text in texts if query.strip() in text])
        keystroke, filtering = interleaved(ours, plain, rounds=_ROUNDS)
        again, repainting = interleaved(ours, _repaint(page), rounds=_ROUNDS)
    size = f"{PATIENTS} patients; median over {len(queries)} queries of {len(_WORDS)} words"
    ours_is = (
        "key press in the search field of the patients page until the list is repainted, "
        "without the 80 ms in which the next key is awaited"
    )
    return [
        Row(
            "filter keystroke to list",
            keystroke,
            filtering,
            "ms",
            f"{ours_is}; reference: a Python substring filter over the same texts alone; {size}",
        ),
        Row(
            "filter keystroke over repaint",
            again,
            repainting,
            "ms",
            f"{ours_is}; reference: repainting the same list once, nothing filtered; {size}",
        ),
    ]


@contextmanager
def _page(folder: Path) -> Iterator[PatientsPage]:
    """The patients page in a shown workspace, on a real store with many patients."""
    desk = set_up()
    ward = make_ward(folder / "store", empty=True)
    _fill(ward)
    workspace = Workspace(ward.session, desk.tasks, desk.theme, no_sync)
    workspace.resize(1366, 768)
    workspace.show()
    workspace.navigate("patients")
    page = workspace.page
    assert isinstance(page, PatientsPage)
    desk.app.processEvents()
    try:
        yield page
    finally:
        workspace.context.sync.close()
        workspace.close()
        desk.close()
        workspace.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        ward.vault.lock()


def _fill(ward: Ward) -> None:
    dice = random.Random(7)
    given = ("Åse", "Per", "Máret", "Ola", "Ingrid", "Hassan", "Bjørg", "Stian", "Øyvind", "Eva")
    family = ("Ødegård", "Hansen", "Bakken", "Strand", "Aamodt", "Ærø", "Lie", "Haugen", "Øverby")
    roads = ("Strandveien", "Storgata", "Skoleveien", "Fjordgata", "Myrveien")
    everyone = [
        Patient(
            id=f"p-{number:05}",
            family_name=f"{dice.choice(family)}{dice.choice(('', '', '-Moen', ' Dahl'))}",
            given_name=dice.choice(given),
            birth_date=TODAY - timedelta(days=dice.randrange(7000, 30000)),
            address=f"{dice.choice(roads)} {dice.randrange(1, 200)}",
            postal_code=f"{dice.randrange(8200, 8260)}",
            city=dice.choice(("Rognan", "Fauske", "Røkland")),
            phone=f"900 {dice.randrange(10, 99)} {dice.randrange(100, 999)}",
        )
        for number in range(PATIENTS)
    ]
    for start in range(0, PATIENTS, _PAGE):
        receive(ward.session, everyone[start : start + _PAGE])
    assert ward.clock.now() == NOW


def _each(queries: list[str], call: Callable[[str], object]) -> Callable[[], object]:
    """A call that takes the next query each time."""
    coming = cycle(queries)
    return lambda: call(next(coming))


def _type(page: PatientsPage, query: str) -> None:
    """Press the last key of `query`; the pause after it is passed over."""
    page.search.blockSignals(True)
    page.search.setText(query[:-1])
    page.search.blockSignals(False)
    key = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, query[-1])
    QApplication.sendEvent(page.search, key)
    page.search.debounce.timeout.emit()
    _settle(page)


def _repaint(page: PatientsPage) -> Callable[[], None]:
    return lambda: _settle(page)


def _settle(page: PatientsPage) -> None:
    """Let layouts take place and paint the page now."""
    QApplication.processEvents()
    page.list.viewport().repaint()
