"""Synkoversikt: every person and laptop, those with visits since their last sync first."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.domain.rights import Right, may
from sync.client.office_messages import DeviceOrderKind, IssuesAnswer, LaptopRow, OverviewAnswer
from ui.context import AppContext
from ui.office.breach_dialog import BreachDialog
from ui.office.closing_dialog import ClosingDialog
from ui.office.desk import OfficeDesk
from ui.office.enrol_dialog import EnrolDialog
from ui.office.parts import Facts
from ui.office.state import (
    beside,
    counted,
    issue_row,
    laptop_facts,
    laptop_name,
    laptop_row,
    laptop_warnings,
    newest_version,
    overview_line,
    role_word,
    row_key,
)
from ui.office.tab import OfficeTab
from ui.widgets import (
    Banner,
    Card,
    DangerButton,
    EmptyState,
    FlowLayout,
    PrimaryButton,
    RowList,
    SecondaryButton,
    Statements,
    Text,
    clear,
)


class OverviewTab(OfficeTab):
    """Holds the last answer; the chosen row stays chosen when it comes anew."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Synkoversikt"))
        self._rows: dict[str, LaptopRow] = {}
        self._newest = ""
        self._issues = Banner("", "danger", self)
        self._issues.setObjectName("officeIssues")
        self.body.addWidget(self._issues)
        self._issue_card = Card(self.tr("Sikkerhetssaker"), self)
        self.issues = Statements(self.tr("Sikkerhetssaker"), self._issue_card)
        self.issues.setObjectName("officeIssueList")
        self._issue_card.body.addWidget(self.issues)
        self._issue_card.hide()
        self.body.addWidget(self._issue_card)
        self.add_columns([self._list_card()], self._detail_card(), shares=(3, 2))

    def load(self) -> None:
        self.read(lambda service: service.overview(), self._show)

    def focus_first(self) -> None:
        self.rows.setFocus()

    def show_id(self, wanted: str) -> None:
        self.rows.select_id(wanted)

    @property
    def chosen(self) -> LaptopRow | None:
        """The laptop whose card is shown."""
        return self._rows.get(self.rows.current_id or "")

    # --- the parts of the page

    def _list_card(self) -> QWidget:
        card = Card(self.tr("Personer og laptoper"), self)
        self._line = Text("", "muted", card)
        card.body.addWidget(self._line)
        self.rows = RowList(self.tr("Personer og laptoper"), card)
        self.rows.setObjectName("officeLaptops")
        self.rows.current_id_changed.connect(self._show_chosen)
        self.rows.activated_id.connect(self._go_into_card)
        card.body.addWidget(self.rows)
        self._none = EmptyState(
            "monitor",
            self.tr("Ingen laptoper er satt opp ennå"),
            self.tr("Lag en engangskode for den som skal ha en."),
            card,
        )
        self._none.hide()
        card.body.addWidget(self._none)
        return card

    def _detail_card(self) -> QWidget:
        self._card = Card("-", self)
        self._who = Text("", "muted", self._card)
        self._card.body.addWidget(self._who)
        self._warnings = QVBoxLayout()
        self._warnings.setSpacing(6)
        self._card.body.addLayout(self._warnings)
        role = self.context.session.user.role
        card = self._card
        self.parked = PrimaryButton(self.tr("Se stoppede"), card, icon="list", name="laptopParked")
        self.parked.clicked.connect(self._open_parked)
        self.assign = SecondaryButton(
            self.tr("Pasienter"), card, icon="users", name="laptopPatients"
        )
        self.assign.setAccessibleName(self.tr("Se og flytt pasientene"))
        self.assign.clicked.connect(self._open_patients)
        self.enrol = SecondaryButton(
            self.tr("Engangskode …"), card, icon="key-round", name="laptopEnrol"
        )
        self.enrol.setAccessibleName(self.tr("Lag engangskode for ny laptop"))
        self.enrol.clicked.connect(self._make_code)
        self.report = SecondaryButton(
            self.tr("Hva lå på den …"), card, icon="file-text", name="laptopReport"
        )
        self.report.setAccessibleName(self.tr("Rapport: hva som lå på laptopen"))
        self.report.clicked.connect(self._report)
        self.end = DangerButton(self.tr("Avslutt …"), card, icon="door-open", name="laptopEnd")
        self.end.setAccessibleName(self.tr("Avslutt laptopen: send først, slett så"))
        self.end.clicked.connect(lambda: self._order(DeviceOrderKind.ENDED))
        self.revoke = DangerButton(self.tr("Meld tapt …"), card, icon="lock", name="laptopRevoke")
        self.revoke.setAccessibleName(self.tr("Meld laptopen tapt: slett straks"))
        self.revoke.clicked.connect(lambda: self._order(DeviceOrderKind.LOST))
        self.close_account = DangerButton(
            self.tr("Steng kontoen …"), card, icon="user", name="laptopClose"
        )
        self.close_account.clicked.connect(self._close_account)
        self._allowed = {
            self.parked: may(role, Right.TAKE_OVER),
            self.assign: may(role, Right.ASSIGN),
            self.enrol: may(role, Right.ENROL),
            self.report: may(role, Right.REVOKE),
            self.end: may(role, Right.REVOKE),
            self.revoke: may(role, Right.REVOKE),
            self.close_account: may(role, Right.REVOKE),
        }
        acts = FlowLayout(None, 8)
        for button in (self.parked, self.assign, self.enrol):
            acts.addWidget(button)
        self._card.body.addLayout(acts)
        self._facts = Facts(self.tr("Slik står det til"), self._card)
        self._card.body.addWidget(self._facts)
        # What cannot be taken back stands last, away from the rest.
        endings = FlowLayout(None, 8)
        for ending in (self.report, self.end, self.revoke, self.close_account):
            endings.addWidget(ending)
        self._card.body.addLayout(endings)
        self._card.hide()
        return self._card

    # --- what is shown

    def _show(self, answer: OverviewAnswer) -> None:
        now = self.context.session.clock.now()
        self._rows = {row_key(row): row for row in answer.rows}
        self._newest = newest_version(answer.rows)
        self._line.setText(overview_line(answer))
        self.rows.set_rows(
            [
                laptop_row(row, now, self._newest, shared=bool(beside(row, answer.rows)))
                for row in answer.rows
            ],
            select_first=True,
        )
        self.rows.setVisible(bool(answer.rows))
        self.rows.fit_height(7)
        self._none.setVisible(not answer.rows)
        self._issues.say(self._issues_text(answer.issues_open), "danger")
        if not answer.issues_open:
            self._issue_card.hide()
        elif may(self.context.session.user.role, Right.TAKE_OVER):
            self.read(lambda service: service.issues(), self._show_issues, "issues")
        self.counted.emit("parked", answer.parked_open)
        self.counted.emit("proposals", answer.proposals_open)
        self._show_chosen()

    def _show_issues(self, answer: IssuesAnswer) -> None:
        now = self.context.session.clock.now()
        self.issues.set_rows([issue_row(row, now) for row in answer.issues])
        self._issue_card.setVisible(bool(answer.issues))

    def _issues_text(self, count: int) -> str:
        if not count:
            return ""
        items = counted(count, self.tr("åpen sikkerhetssak"), self.tr("åpne sikkerhetssaker"))
        return self.tr("{0}. De besvares hos pasienten, av en som ikke selv var med.").format(items)

    @Slot()
    def _show_chosen(self) -> None:
        row = self.chosen
        self._card.setVisible(row is not None)
        if row is None:
            return
        now = self.context.session.clock.now()
        self._card.heading.setText(row.name)
        self._who.setText(f"{role_word(row.role)} · {laptop_name(row)}")
        clear(self._warnings)
        for words in laptop_warnings(row):
            self._warnings.addWidget(Banner(words, "warn", self._card))
        others = beside(row, self._rows.values())
        self._facts.set_facts(laptop_facts(row, now, self._newest, others))
        has_laptop = row.device_id is not None
        fits = {
            self.parked: row.parked_here > 0,
            self.assign: row.user_active,
            self.enrol: row.user_active,
            self.report: has_laptop,
            self.end: has_laptop and row.order is None and not self._is_own(row),
            self.revoke: has_laptop
            and row.order is not DeviceOrderKind.LOST
            and not self._is_own(row),
            self.close_account: row.user_active and row.user_id != self.context.session.user.id,
        }
        for button, allowed in self._allowed.items():
            button.setVisible(allowed and fits[button])

    @Slot()
    def _go_into_card(self) -> None:
        """Enter leads from the list to what can be done about the row."""
        for button in self._allowed:
            if button.isVisible():
                button.setFocus()
                self.ensureWidgetVisible(button)
                return

    # --- what the person does

    @Slot()
    def _open_parked(self) -> None:
        if self.chosen is not None:
            self.opened.emit("parked", self.chosen.device_id or "")

    @Slot()
    def _open_patients(self) -> None:
        if self.chosen is not None:
            self.opened.emit("patients", self.chosen.user_id)

    @Slot()
    def _make_code(self) -> None:
        if self.chosen is not None:
            EnrolDialog(self._desk, self.chosen.user_id, self.chosen.name, self).open()

    def _is_own(self, row: LaptopRow) -> bool:
        return row.device_id == self.context.session.device_id

    @Slot()
    def _report(self) -> None:
        row = self.chosen
        if row is not None and row.device_id is not None:
            BreachDialog(self.context, self._desk, row.device_id, laptop_name(row), self).open()

    def _order(self, kind: DeviceOrderKind) -> None:
        row = self.chosen
        if row is None or row.device_id is None:
            return
        dialog = ClosingDialog(
            self._desk,
            self,
            device_id=row.device_id,
            name=row.name,
            wanted=laptop_name(row),
            kind=kind,
        )
        words = self.tr("Laptopen er avsluttet. Den sender alt og sletter så det den har.")
        if kind is DeviceOrderKind.LOST:
            words = self.tr(
                "Laptopen er meldt tapt. «Hva lå på den» gir rapporten til meldingen om brudd."
            )
        dialog.closed.connect(lambda: self._after(words))
        dialog.open()

    @Slot()
    def _close_account(self) -> None:
        row = self.chosen
        if row is None:
            return
        dialog = ClosingDialog(
            self._desk, self, user_id=row.user_id, name=row.name, wanted=row.username
        )
        dialog.closed.connect(
            lambda: self._after(
                self.tr("Kontoen er stengt. Alt personen har ført, står fortsatt i journalen.")
            )
        )
        dialog.open()

    def _after(self, words: str) -> None:
        self.say_done(words)
        self.rows.setFocus()
        self.load()
