"""Klar for tur: which days this laptop alone may hand out, asked for and given up."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.domain.claims import LONGEST_TRIP
from fieldapp.services import claims, rules, trip_claims
from fieldapp.services.claims import ClaimPinnedError, Unit
from fieldapp.services.trip_claims import Own, Standing, TripDay, TripRow
from ui import theme
from ui.context import AppContext
from ui.errors import sentence_for
from ui.sync.claims_state import (
    PINNED_TEXT,
    RELEASE_TEXT,
    can_be_ticked,
    day_spoken,
    day_words,
    denied_row,
    own_row,
    preset_units,
    reserve_words,
    short_day,
    standing_words,
    summary,
)
from ui.widgets import (
    Banner,
    Card,
    ChoiceRow,
    ConfirmDialog,
    Divider,
    FlowLayout,
    IconLabel,
    RowList,
    SecondaryButton,
    Statements,
    Tag,
    Text,
    clear,
)

TOUCH = 44


class ClaimsCard(Card):
    """Reads the store at `show_claims`. What is ticked stays until the days are chosen anew."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(QCoreApplication.translate("claims", "Reserver doser for turen"), parent)
        self._context = context
        self._days = 1
        self._rows: list[TripRow] = []
        self._chosen: set[Unit] | None = None
        self._boxes: dict[tuple[Unit, ...], QCheckBox] = {}
        self._held: dict[str, Own] = {}
        self.body.addWidget(
            Text(
                self.tr(
                    "Bare den som har reservert et døgn, kan dele ut på det. Reserver mens du har "
                    "dekning; da kan dosene gis uten."
                ),
                "muted",
                self,
            )
        )
        self.length = ChoiceRow(
            self.tr("Antall døgn på turen"),
            _lengths(LONGEST_TRIP),
            self,
            name="claimDays",
        )
        self._longest = LONGEST_TRIP
        self.length.choose(1)
        self.length.chosen.connect(self._on_length)
        self.body.addWidget(Text(self.tr("Antall døgn, i dag medregnet"), "label", self))
        self.body.addWidget(self.length)
        self._summary = Text("", "strong", self)
        self._summary.setObjectName("claimSummary")
        self.body.addWidget(self._summary)
        self._place = QVBoxLayout()
        self._place.setSpacing(8)
        self.body.addLayout(self._place)
        self.reserve_button = SecondaryButton("", self, icon="clipboard-check", name="claimReserve")
        self.reserve_button.clicked.connect(self._reserve)
        self._without_line = Text(
            self.tr("Uten dekning blir ønsket liggende. Ingen dose kan gis før det er innvilget."),
            "small",
            self,
        )
        self.body.addWidget(_left(self.reserve_button, self))
        self.body.addWidget(self._without_line)
        self._denied_head = Text(self.tr("Ikke innvilget"), "label", self)
        self._denied = Statements(self.tr("Døgn som ikke ble innvilget"), self)
        self._denied.setObjectName("claimDenied")
        self.body.addWidget(self._denied_head)
        self.body.addWidget(self._denied)
        self._build_own()
        context.sync.status_changed.connect(self._show_button)
        # A denial is no record that came: nothing else tells of it.
        context.sync.finished.connect(self._on_synced)
        theme.current().changed.connect(self._show_rows)

    def _build_own(self) -> None:
        self._own_head = Text(self.tr("Reservert på denne maskinen"), "label", self)
        self.own = RowList(self.tr("Reservert på denne maskinen"), self)
        self.own.setObjectName("claimOwn")
        self.own.current_id_changed.connect(self._on_own)
        self._pinned = Banner("", "warn", self)
        self._pinned.setObjectName("claimPinned")
        buttons = QWidget(self)
        flow = FlowLayout(buttons, 8)
        self.release_button = SecondaryButton(
            self.tr("Frigi valgt …"), buttons, icon="undo-2", name="claimRelease"
        )
        self.release_button.clicked.connect(self._ask_release)
        self.release_all_button = SecondaryButton(
            self.tr("Frigi alle …"), buttons, icon="undo-2", name="claimReleaseAll"
        )
        self.release_all_button.clicked.connect(self._ask_release_all)
        flow.addWidget(self.release_button)
        flow.addWidget(self.release_all_button)
        self._own_buttons = buttons
        for widget in (self._own_head, self.own, self._pinned, buttons):
            self.body.addWidget(widget)

    # --- what is shown

    def show_claims(self) -> None:
        """Read the days, denials and own claims anew."""
        session = self._context.session
        self._fit_length()
        rows = trip_claims.rows(session, self._days)
        if self._chosen is None:
            self._chosen = preset_units(rows)
        if rows != self._rows or self._place.count() == 0:
            self._rows = rows
            self._show_rows()
        today = session.today()
        denied = trip_claims.denied(session)
        self._denied.set_rows([denied_row(one, today) for one in denied])
        self._denied.setVisible(bool(denied))
        self._denied_head.setVisible(bool(denied))
        self._held = {one.claim.id: one for one in trip_claims.own(session)}
        self.own.set_rows([own_row(one, today) for one in self._held.values()])
        self.own.fit_height(6)
        for widget in (self._own_head, self.own, self._own_buttons):
            widget.setVisible(bool(self._held))
        self._on_own(self.own.current_id or "")
        self._show_button()

    def _fit_length(self) -> None:
        """Offer no longer trip than the organisation allows."""
        longest = rules.longest_trip(self._context.session)
        if longest == self._longest:
            return
        self._longest = longest
        self.length.set_options(_lengths(longest))
        if self._days > longest:
            self._days, self._chosen = longest, None
        self.length.choose(self._days)

    @Slot()
    def _show_rows(self) -> None:
        clear(self._place)
        self._boxes = {}
        self._summary.setText(
            summary(self._rows) or self.tr("Ingen doser er planlagt for deg disse døgnene.")
        )
        for number, row in enumerate(self._rows):
            if number:
                self._place.addWidget(Divider(self))
            self._place.addWidget(self._patient(row))
        # Tab goes as the eye does: the days that are built anew stand before the button.
        before: QWidget = self.length.buttons()[-1]
        for box in self._boxes.values():
            QWidget.setTabOrder(before, box)
            before = box
        QWidget.setTabOrder(before, self.reserve_button)

    def _patient(self, row: TripRow) -> QWidget:
        holder = QWidget(self)
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(row.patient.name, "strong", holder))
        words.addWidget(Text(row.group_name, "small", holder))
        words.addStretch(1)
        line.addLayout(words, 1)
        days = QWidget(holder)
        flow = FlowLayout(days, 16, lines=2)
        for day in row.days:
            flow.addWidget(self._day(row, day, days))
        line.addWidget(days, 3)
        return holder

    def _day(self, row: TripRow, day: TripDay, parent: QWidget) -> QWidget:
        today = self._context.session.today()
        if not can_be_ticked(day):
            return _Told(row, day, day_words(day, today), parent)
        words = short_day(day.day, today)
        if day.standing is not Standing.FREE:
            words = f"{words} · {standing_words(day.standing)[0]}"
        box = QCheckBox(words, parent)
        box.setObjectName(f"claim_{row.patient.id}_{day.day.isoformat()}")
        box.setAccessibleName(day_spoken(row, day))
        box.setMinimumHeight(theme.current().touch(TOUCH))
        box.setChecked(set(day.units) <= (self._chosen or set()))
        self._boxes[day.units] = box
        box.toggled.connect(self._on_ticked)
        return box

    @Slot()
    def _show_button(self) -> None:
        online = self._context.sync.online
        count = sum(box.isChecked() for box in self._boxes.values())
        changed = bool(count) or any(
            day.standing in (Standing.WISHED, Standing.DENIED)
            for row in self._rows
            for day in row.days
        )
        words = reserve_words(count, online=online)
        if changed and not count:
            words = self.tr("Trekk ønskene")
        self.reserve_button.say(words)
        self.reserve_button.setEnabled(changed)
        self.reserve_button.setVisible(bool(self._boxes))
        self._without_line.setVisible(bool(self._boxes) and not online)

    @Slot(str)
    def _on_own(self, claim_id: str) -> None:
        chosen = self._held.get(claim_id)
        pinned = chosen is not None and chosen.pinned
        self._pinned.say(
            QCoreApplication.translate("claims", str(PINNED_TEXT)) if pinned else "", "warn"
        )
        self.release_button.setEnabled(chosen is not None and not pinned)
        self.release_all_button.setEnabled(any(not one.pinned for one in self._held.values()))

    @Slot(object)
    def _on_synced(self, report: object) -> None:
        del report
        if self.isVisible():
            self.show_claims()

    # --- what the user does

    @Slot(object)
    def _on_length(self, days: object) -> None:
        assert isinstance(days, int)
        self._days = days
        self._chosen = None
        self.show_claims()

    @Slot()
    def _on_ticked(self) -> None:
        self._chosen = {
            unit for units, box in self._boxes.items() if box.isChecked() for unit in units
        }
        self._show_button()

    @Slot()
    def _reserve(self) -> None:
        self._on_ticked()
        changes = trip_claims.reserve(self._context.session, self._chosen or set())
        self._context.changes.announce(changes)
        self.show_claims()
        if self._context.sync.online:
            self._context.sync.sync_now()

    @Slot()
    def _ask_release(self) -> None:
        claim_id = self.own.current_id
        if claim_id is not None:
            self._confirm_release([claim_id])

    @Slot()
    def _ask_release_all(self) -> None:
        self._confirm_release([one.claim.id for one in self._held.values() if not one.pinned])

    def _confirm_release(self, claim_ids: list[str]) -> None:
        count = len(claim_ids)
        title = (
            self.tr("Frigi 1 reservasjon?") if count == 1 else self.tr("Frigi {0}?").format(count)
        )
        dialog = ConfirmDialog(
            title,
            QCoreApplication.translate("claims", str(RELEASE_TEXT)),
            self.tr("Frigi"),
            self.window(),
        )
        dialog.accepted.connect(lambda: self._release(claim_ids))
        dialog.open()

    def _release(self, claim_ids: list[str]) -> None:
        """Dropped here and durably first; the sync that follows tells the server."""
        try:
            changes = claims.drop(self._context.session, claim_ids)
        except ClaimPinnedError as error:
            self._pinned.say(sentence_for(error), "warn")
            return
        # What was just given up is not asked for again by the next press of the button.
        given_up = {
            (one.claim.patient_id, one.claim.group, one.claim.unit)
            for claim_id, one in self._held.items()
            if claim_id in claim_ids
        }
        self._chosen = (self._chosen or set()) - given_up
        self._context.changes.announce(changes)
        self.show_claims()
        if self._context.sync.online:
            self._context.sync.sync_now()


class _Told(QWidget):
    """A day that cannot be ticked: a sign and why."""

    def __init__(self, row: TripRow, day: TripDay, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(day_spoken(row, day))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        _, tone, icon = standing_words(day.standing)
        line.addWidget(IconLabel(icon, "muted" if tone == "neutral" else tone, 18, self))
        line.addWidget(Tag(words, tone, self))
        self.setMinimumHeight(theme.current().touch(TOUCH))


def _left(widget: QWidget, parent: QWidget) -> QWidget:
    """Put a button at the left without stretching it."""
    holder = QWidget(parent)
    FlowLayout(holder, 8).addWidget(widget)
    return holder


def _lengths(longest: int) -> list[tuple[int, str]]:
    return [(number, str(number)) for number in range(1, longest + 1)]
