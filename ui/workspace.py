"""What stands in the window between unlock and lock: rail, top bar and the stack of pages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldapp.domain.changes import Change, ChangeSet
from fieldapp.errors import FieldAppError
from fieldapp.services import trust
from fieldapp.services.session import Session
from ui import pages
from ui.changes import ChangeBus
from ui.context import AppContext, KeyControl, LockControl, SyncControl
from ui.leaving.closed import LeaseBanner
from ui.lock import caret
from ui.lock.leftovers import Leftovers, Question
from ui.lock.stand import Stand
from ui.main_window import SMALLEST
from ui.navigation import History, Place, rail_mark
from ui.opened import OpenedLines
from ui.page import Page, lines_of
from ui.recovery.key_banner import KeyBanner
from ui.rights import first_page, may_open
from ui.tasks import TaskRunner
from ui.theme import Theme
from ui.top_bar import TopBar
from ui.widgets import Banner, Dialog, Rail, RailEntry

log = logging.getLogger(__name__)

_LEASE_EVERY_MS = 60_000

_CLOSED_BY_LEASE = ("patient", "appointment", "medication_request")
"""Lists of these are read anew when the lease closes or opens."""

_ABOUT_PEOPLE = frozenset({"practitioner"})

SyncMaker = Callable[[Session, TaskRunner, ChangeBus], SyncControl]


class Workspace(QWidget):
    """Builds a page on its first visit and shows it again later. Holds no feature code.

    Attributes:
        context: what every page is given; lives as long as this widget.
    Signals:
        lock_requested(): the user wants the window locked.
        person_changed(object): the server has given the person of this Session another role,
            language or team. Whoever listens may change the language; the frame is built anew
            right after.
        shown(str): another page is on screen, by its name.
    """

    lock_requested = Signal()
    shown = Signal(str)
    person_changed = Signal(object)

    def __init__(
        self,
        session: Session,
        tasks: TaskRunner,
        theme: Theme,
        make_sync: SyncMaker,
        parent: QWidget | None = None,
        *,
        verify_passphrase: Callable[[str], None] | None = None,
        locks: LockControl | None = None,
        keys: KeyControl | None = None,
    ) -> None:
        """`verify_passphrase` proves that a passphrase opens the store; see `AppContext`."""
        super().__init__(parent)
        # Stated, so that no page can make the window grow beyond the screen at large text.
        self.setMinimumSize(*SMALLEST)
        changes = ChangeBus(self)
        sync = make_sync(session, tasks, changes)
        self._opened = OpenedLines(session, self)
        self.context = AppContext(
            session,
            tasks,
            sync,
            theme,
            self.navigate,
            changes,
            verify_passphrase,
            locks,
            keys,
            self._opened,
        )
        self._history = History()
        self._built: dict[str, Page] = {}
        self._outdated: set[str] = set()
        """Pages that were built for who the person was before; built anew at the next visit."""

        self._rail = Rail(self._places(), self._commands(), self)
        self._top = TopBar(self.context, self)
        self._stack = QStackedWidget(self)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self._top)
        # Over every page: whoever hands out must not have to look for it.
        self._set_back = Banner("", "warn", self)
        self._set_back.setObjectName("storeSetBack")
        self._set_back.setContentsMargins(24, 0, 24, 0)
        right.addWidget(self._set_back)
        self.lease = LeaseBanner(self.context, self)
        self.lease.setContentsMargins(24, 0, 24, 0)
        right.addWidget(self.lease)
        self.key_banner = KeyBanner(self.context, self)
        self.key_banner.setContentsMargins(24, 0, 24, 0)
        right.addWidget(self.key_banner)
        self._unwritten = Banner("", "warn", self)
        self._unwritten.setObjectName("openedUnwritten")
        self._unwritten.setContentsMargins(24, 0, 24, 0)
        self._opened.changed.connect(self._show_unwritten)
        right.addWidget(self._unwritten)
        right.addWidget(self._stack, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._rail)
        layout.addLayout(right, 1)

        self._rail.chosen.connect(self._on_chosen)
        self._top.chosen.connect(self._on_chosen)
        self._top.patient_chosen.connect(self._on_patient_chosen)
        changes.changed.connect(self._on_changed)
        sync.status_changed.connect(self._show_parked)
        sync.status_changed.connect(self._show_set_back)
        sync.status_changed.connect(self._show_lease)
        # Days may pass while the program stands open.
        self._lease_timer = QTimer(self)
        self._lease_timer.timeout.connect(self._show_lease)
        self._lease_timer.start(_LEASE_EVERY_MS)
        self._lease_ended = self.lease.show_lease()
        self._add_shortcuts()
        self._show_parked()
        self._show_set_back()

    @property
    def page(self) -> Page | None:
        """The page on screen."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, Page) else None

    @property
    def place_name(self) -> str:
        """The name of the page on screen, "" before the first."""
        place = self._history.here
        return place.page if place is not None else ""

    @property
    def top_bar(self) -> TopBar:
        return self._top

    @property
    def first_page(self) -> str:
        """Where this person's work begins."""
        return first_page(self.context.session)

    def stop(self) -> None:
        """Read the store no more: it is about to be closed, and this widget may live on a while."""
        self._lease_timer.stop()
        for shown in (self._show_parked, self._show_set_back, self._show_lease):
            self.context.sync.status_changed.disconnect(shown)

    def navigate(self, page: str, /, **args: object) -> None:
        """Show a page by its name in ui.pages; `args` go to its `show_for`.

        A page that has nothing for the person's role is not shown: they stay where they are.
        """
        if not may_open(self.context.session, page):
            log.info("the page %s has nothing for this role", page)
            if self.page is not None:
                return
            page, args = self.first_page, {}
        self._history.go(Place(page, args))
        self._show(Place(page, args))

    def go_back(self) -> None:
        """Show the place before this one, if there is one."""
        place = self._history.back()
        if place is not None:
            self._show(place)

    def leave(self) -> None:
        """Let pages store what is being written there; before locking or closing."""
        for page in self._built.values():
            if page is self.page or page.holds_unsaved():
                _leave(page)
        for dialog in self.window().findChildren(Dialog):
            _leave(dialog)

    def stand(self) -> Stand | None:
        """Where the person is: what leads back here after a lock. Ids only; before `leave`."""
        place, page = self._history.here, self.page
        if place is None or page is None:
            return None
        self._opened.try_again()
        here = Place(place.page, {**place.args, **page.here()})
        return Stand(here, caret.find(page), self._opened.waiting)

    def return_to(self, stand: Stand) -> bool:
        """Show the place where the person was, with the caret where it stood.

        False when it cannot be shown any more: the patient has left this laptop, or the right.
        """
        self._opened.take(stand.unwritten)
        try:
            self.navigate(stand.place.page, **stand.place.args)
        except FieldAppError as error:
            log.info("the place before the lock is not shown: %s", error.code)
            return False
        found = stand.caret
        if found is None:
            return True

        def put_back() -> None:
            if self.page is not None:
                caret.put_back(self.page, found)

        # Pages put the focus themselves, some of them after this event.
        QTimer.singleShot(0, self, put_back)
        return True

    def leftovers(self) -> Leftovers:
        """What is half written and not stored, after `leave`: of pages and of open dialogs."""
        place = self._history.here
        about = str(place.args.get("patient_id") or "") if place is not None else ""
        kept = {name: kept for name, page in self._built.items() if (kept := page.keep())}
        questions = [
            Question(dialog.title.text(), tuple(lines), about)
            for dialog in self.window().findChildren(Dialog)
            if not dialog.isHidden() and (lines := dialog.half_typed())
        ]
        return Leftovers(tuple(questions), kept)

    def take_back(self, leftovers: Leftovers) -> tuple[Question, ...]:
        """Give pages what they kept; return what is to be shown to the person."""
        shown = list(leftovers.questions)
        for name, kept in leftovers.pages.items():
            lines = self._given_back(name, kept)
            if lines:
                title = self.tr("Ikke lagret da vinduet ble låst")
                shown.append(Question(title, tuple(lines), str(kept.get("patient_id", ""))))
        return tuple(shown)

    def _given_back(self, name: str, kept: Mapping[str, object]) -> list[tuple[str, str]]:
        """What the page could not put back into itself, as lines to be shown. A page that fails, or
        that this program does not have, must not cost what was kept."""
        try:
            if name in pages.PAGES:
                return self._page_called(name).take_back(dict(kept))
        except Exception as error:  # whatever it is; the text is shown all the same
            log.error("%s took nothing back: %s", name, type(error).__name__)
        return lines_of(kept)

    def keeps_all(self, left: Leftovers) -> bool:
        """True when `left` holds all that pages and dialogs have not stored."""
        titles = {question.title for question in left.questions}
        loose = [dialog for dialog in self.window().findChildren(Dialog) if dialog.holds_unsaved()]
        pages_kept = all(
            name in left.pages for name, page in self._built.items() if page.holds_unsaved()
        )
        return pages_kept and all(dialog.title.text() in titles for dialog in loose)

    def holds_unsaved(self) -> bool:
        """True while a page, shown or not, or a dialog has what the store did not take."""
        dialogs = self.window().findChildren(Dialog)
        return any(page.holds_unsaved() for page in self._built.values()) or any(
            dialog.holds_unsaved() for dialog in dialogs
        )

    def follow_person(self) -> None:
        """Be who the server says that the person is now; nothing that is half done is disturbed.

        The rail is built anew at once. A page on screen stays as it is until it is left, and so
        does one that holds what the store did not take; each of the others is built anew at its
        next visit. Rights are asked again by every service and by the server, so a page that
        stays can do no more than the new role may.
        """
        if not self.context.session.follow_user():
            return
        log.info("the server has changed the person of this store")
        self.person_changed.emit(self.context.session)
        self._outdated = set(self._built)
        shown = next((name for name, page in self._built.items() if page is self.page), None)
        self._rebuild_rail(shown)
        if shown is not None and not self._is_open_to_person(shown):
            page = self.page
            assert page is not None
            page.leave()
            if not page.holds_unsaved():
                self.navigate(self.first_page)

    def _rebuild_rail(self, shown: str | None) -> None:
        old = self._rail
        had_focus = old.isAncestorOf(QApplication.focusWidget() or self)
        self._rail = Rail(self._places(), self._commands(), self)
        self._rail.chosen.connect(self._on_chosen)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(old, self._rail)
        old.hide()
        old.deleteLater()
        self._rail.show()
        # First in the order of the Tab key, as it was.
        QWidget.setTabOrder(self._rail, self._top)
        if shown is not None:
            self._rail.select(rail_mark(shown))
        if had_focus:
            self._rail.setFocus()
        self._show_parked()

    def _is_open_to_person(self, page: str) -> bool:
        """False for a page that has left the rail with the old role."""
        mark = rail_mark(page)
        return mark is None or self._rail.has(mark)

    def _show(self, place: Place) -> None:
        if place.page in self._outdated:
            self._drop(place.page)
        page = self._page_called(place.page)
        if self.page is not None:
            self.page.leave()  # also when the same page is shown for somebody else
        self._stack.setCurrentWidget(page)
        self._rail.select(rail_mark(place.page))
        self.shown.emit(place.page)
        page.show_for(**place.args)

    def _page_called(self, name: str) -> Page:
        page = self._built.get(name)
        if page is None:
            page = pages.factory(name)(self.context, self._stack)
            self._built[name] = page
            self._stack.addWidget(page)
        return page

    def _drop(self, name: str) -> None:
        """Let go of a page that was built for another role, unless it holds unsaved text."""
        page = self._built[name]
        if page is self.page:
            page.leave()
        if page.holds_unsaved():
            return
        del self._built[name]
        self._outdated.discard(name)
        self._stack.removeWidget(page)
        page.deleteLater()

    @Slot(str)
    def _on_chosen(self, target: str) -> None:
        if target == "command:lock":
            self.lock_requested.emit()
        elif target == "command:sync":
            self.context.sync.sync_now()
        else:
            self.navigate(target)

    @Slot(str)
    def _on_patient_chosen(self, patient_id: str) -> None:
        self.navigate("patient", patient_id=patient_id)

    @Slot(object)
    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=_ABOUT_PEOPLE):
            self.follow_person()
        if self._opened.waiting:
            self._opened.try_again()  # something was just written, so there may be room again
        if self.page is not None:
            self.page.refresh(change_set)

    @Slot()
    def _show_parked(self) -> None:
        self._rail.button("sync").set_badge(self.context.sync.state.status.parked)

    @Slot()
    def _show_lease(self) -> None:
        """Say how the lease stands; what it closes or opens is shown anew."""
        ended = self.lease.show_lease()
        if ended != self._lease_ended:
            self._lease_ended = ended
            everything = (Change(kind, "", None) for kind in _CLOSED_BY_LEASE)
            self.context.changes.announce(ChangeSet(tuple(everything)))
            place = self._history.here
            if place is not None and place.page == "patient":
                self._show(place)

    @Slot()
    def _show_set_back(self) -> None:
        said = self.tr(
            "Lageret er hentet fra en kopi eller flyttet, og kan mangle doser som er gitt. "
            "Reservasjonene dine er sluppet. Synk helt ferdig før du deler ut. "
            "Alt du har skrevet her, er der fortsatt."
        )
        self._set_back.say(said if trust.is_set_back(self.context.session) else "", "warn")

    @Slot()
    def _show_unwritten(self) -> None:
        waiting = len(self._opened.waiting)
        if not waiting:
            self._unwritten.say("")
            return
        why = {
            "disk_full": self.tr("Disken er full."),
            "read_only": self.tr("Programmet får ikke skrive i mappen sin."),
        }.get(self._opened.trouble, "")
        said = self.tr(
            "Loggen tar ikke imot hvem du åpner akkurat nå ({0} venter). Det prøves igjen av seg "
            "selv. Du kan lese og arbeide videre, og ingenting er slettet."
        ).format(waiting)
        self._unwritten.say(f"{said} {why}".strip(), "warn")

    def _places(self) -> tuple[RailEntry, ...]:
        places: tuple[RailEntry, ...] = (
            RailEntry("today", "house", self.tr("I dag"), "Alt+1"),
            RailEntry("patients", "users", self.tr("Pasienter"), "Alt+2"),
            RailEntry("handout", "pill", self.tr("Medisinrunde"), "Alt+3"),
            RailEntry("sync", "refresh-cw", self.tr("Synk"), "Alt+4"),
        )
        session = self.context.session
        if may_open(session, "register"):
            register = RailEntry("register", "scale", self.tr("Regnskap"), "Alt+7")
            places = (*places[:3], register, *places[3:])
        # Alt+5 is the settings for everybody; no key may mean two things on two laptops.
        places = (*places, RailEntry("office", "clipboard-list", self.tr("Kontor"), "Alt+6"))
        if first_page(session) == "witness":
            # Those who have a day find what waits for their signature there.
            signing = RailEntry("witness", "square-pen", self.tr("Signering"), "Alt+8")
            places = (signing, *places)
        return tuple(place for place in places if may_open(session, place.name))

    def _commands(self) -> tuple[RailEntry, ...]:
        return (
            RailEntry("settings", "settings", self.tr("Innstillinger"), "Alt+5"),
            RailEntry("command:lock", "lock", self.tr("Lås"), "Ctrl+L", is_page=False),
        )

    def _add_shortcuts(self) -> None:
        self._add_shortcut("Ctrl+K", self._top.focus_search)
        self._add_shortcut("Ctrl+R", self.context.sync.sync_now)
        self._add_shortcut("Alt+Left", self.go_back)

    def _add_shortcut(self, keys: str, action: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(action)


def _leave(part: Page | Dialog) -> None:
    """A fault in one form stops neither the storing of others nor the lock."""
    try:
        part.leave()
    except Exception as error:  # whatever it is; the text is still there and is asked for next
        log.error("%s was not left in order: %s", type(part).__name__, type(error).__name__)
