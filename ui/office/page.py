"""Kontor: the secretary's parts in one page, as tabs (Ctrl+1 and on). F5 asks the server anew."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from ui.context import AppContext
from ui.office.courier_tab import CourierTab
from ui.office.desk import OfficeDesk, over_http
from ui.office.drafts_tab import DraftsTab
from ui.office.duplicates_tab import DuplicatesTab
from ui.office.log_tab import LogTab
from ui.office.openings_tab import OpeningsTab
from ui.office.orders_tab import OrdersTab
from ui.office.overview_tab import OverviewTab
from ui.office.parked_tab import ParkedTab
from ui.office.patients_tab import PatientsTab
from ui.office.people_tab import PeopleTab
from ui.office.proposals_tab import ProposalsTab
from ui.office.rules_tab import RulesTab
from ui.office.safety_tab import SafetyTab
from ui.office.state import sections
from ui.office.tab import OfficeTab
from ui.office.wrong_tab import WrongTab
from ui.page import Page
from ui.widgets import EmptyState, PageHeader, SecondaryButton

translate = QCoreApplication.translate

MakeTab = Callable[[AppContext, OfficeDesk, QWidget], OfficeTab]

TABS: dict[str, MakeTab] = {
    "overview": OverviewTab,
    "parked": ParkedTab,
    "patients": PatientsTab,
    "people": PeopleTab,
    "duplicates": DuplicatesTab,
    "proposals": ProposalsTab,
    "safety": SafetyTab,
    "orders": OrdersTab,
    "wrong": WrongTab,
    "log": LogTab,
    "openings": OpeningsTab,
    "courier": CourierTab,
    "drafts": DraftsTab,
    "rules": RulesTab,
}


class OfficePage(Page):
    """Shows only the parts that the person's role has a right to; the server asks again."""

    def __init__(
        self,
        context: AppContext,
        parent: QWidget | None = None,
        *,
        desk: OfficeDesk | None = None,
    ) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        self._desk = desk or OfficeDesk(over_http(context.session), context.tasks)
        self.names = sections(context.session.user.role)
        self._built: dict[str, OfficeTab] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(24, 16, 24, 0)
        top.setSpacing(4)
        head = PageHeader(self.tr("Kontor"), parent=self)
        self.again = SecondaryButton(
            self.tr("Hent på nytt · F5"), self, icon="refresh-cw", name="officeReload"
        )
        self.again.clicked.connect(self._reload)
        head.buttons.addWidget(self.again)
        top.addWidget(head)
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("officeTabs")
        self.tabs.setAccessibleName(self.tr("Deler av kontoret"))
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        words = self._tab_words()
        for name in self.names:
            self.tabs.addTab(words[name])
        top.addWidget(self.tabs)
        column.addLayout(top)
        self._stack = QStackedWidget(self)
        column.addWidget(self._stack, 1)
        nothing = EmptyState(
            "lock",
            self.tr("Kontoret er ikke for din rolle"),
            self.tr("Kontakt lederen din hvis du skal ha adgang."),
            self,
        )
        nothing.setVisible(not self.names)
        column.addWidget(nothing)
        for part in (self.tabs, self._stack, self.again):
            part.setVisible(bool(self.names))
        self.tabs.currentChanged.connect(self._show_tab)
        QShortcut(QKeySequence("F5"), self).activated.connect(self._reload)
        for number in range(len(self.names)):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self)
            shortcut.activated.connect(lambda number=number: self._go_to(self.names[number]))

    @property
    def tab(self) -> OfficeTab | None:
        """The part on screen."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, OfficeTab) else None

    def show_for(self, **args: object) -> None:
        wanted = str(args.get("tab", ""))
        if not self.names:
            return
        if wanted in self.names and self.names.index(wanted) != self.tabs.currentIndex():
            self.tabs.setCurrentIndex(self.names.index(wanted))
        else:
            self._show_tab(self.tabs.currentIndex())
        self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def here(self) -> dict[str, object]:
        number = self.tabs.currentIndex()
        return {"tab": self.names[number]} if 0 <= number < len(self.names) else {}

    def _tab_words(self) -> dict[str, str]:
        return {
            "overview": self.tr("Synkoversikt"),
            "parked": self.tr("Stoppede"),
            "patients": self.tr("Pasienter"),
            "people": self.tr("Personer"),
            "duplicates": self.tr("Dubletter"),
            "proposals": self.tr("Forslag"),
            "safety": self.tr("Sikkerhetssaker"),
            "orders": self.tr("Ordinasjoner"),
            "openings": self.tr("Tilganger"),
            "wrong": self.tr("Feilført"),
            "log": self.tr("Logg"),
            "courier": self.tr("Sendefil"),
            "drafts": self.tr("Utkast"),
            "rules": self.tr("Regler"),
        }

    def _go_to(self, name: str, wanted: str = "") -> None:
        """Show a part and put the focus into it."""
        if name not in self.names:
            return
        number = self.names.index(name)
        if number != self.tabs.currentIndex():
            self.tabs.setCurrentIndex(number)
        tab = self.tab
        if tab is not None:
            if wanted:
                tab.show_id(wanted)
            tab.focus_first()

    @Slot(int)
    def _show_tab(self, number: int) -> None:
        name = self.names[number]
        tab = self._built.get(name)
        if tab is None:
            tab = TABS[name](self.context, self._desk, self._stack)
            tab.counted.connect(self._count)
            tab.opened.connect(self._go_to)
            self._built[name] = tab
            self._stack.addWidget(tab)
        self._stack.setCurrentWidget(tab)
        tab.load()

    @Slot(str, int)
    def _count(self, name: str, count: int) -> None:
        if name in self.names:
            words = self._tab_words()[name]
            self.tabs.setTabText(self.names.index(name), f"{words} ({count})" if count else words)

    @Slot()
    def _reload(self) -> None:
        if self.tab is not None:
            self.tab.load()
