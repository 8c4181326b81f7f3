"""What stands where the offline lease has closed something: why, what is safe, and the way back."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.lease import LeaseState
from fieldapp.domain.patients import Patient
from fieldapp.domain.rights import Right
from fieldapp.services import lease
from ui.context import AppContext
from ui.leaving.login_dialog import LoginDialog
from ui.rights import offer
from ui.widgets import Banner, FlowLayout, IconLabel, PrimaryButton, SecondaryButton, Text
from ui.words import age_text


class ClosedPart(QWidget):
    """A tab, or a whole patient, that is closed.

    Signals:
        visit_asked(): the person wants to record a visit; recording never stops.
    """

    visit_asked = Signal()

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("closedPart")
        self._context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 28, 24, 28)
        column.setSpacing(10)
        column.addWidget(IconLabel("lock", "muted", 30, self), 0, Qt.AlignmentFlag.AlignLeft)
        self.title = Text("", "heading", self)
        self.words = Text("", "", self)
        column.addWidget(self.title)
        column.addWidget(self.words)
        self.login = PrimaryButton(
            self.tr("Logg inn for å åpne igjen"), self, icon="log-in", name="leaseLogin"
        )
        self.login.clicked.connect(self._log_in)
        self.visit = SecondaryButton(
            self.tr("Før et besøk"), self, icon="square-pen", name="closedVisit"
        )
        self.visit.clicked.connect(self.visit_asked)
        offer(self.visit, context.session, Right.RECORD_CARE)
        buttons = FlowLayout(None, 8)
        buttons.addWidget(self.login)
        buttons.addWidget(self.visit)
        column.addLayout(buttons)
        column.addStretch(1)

    def say_patient(self, patient: Patient, today: date) -> None:
        """Say that the whole patient is closed, and who it is."""
        self._say(
            self.tr("{name}, {age}: lukket til du har logget inn").format(
                name=patient.name, age=age_text(patient, today)
            ),
            self.tr(
                "Det er for lenge siden denne laptopen var logget inn på serveren. Da vises bare "
                "pasientene på turen din. Ingenting er slettet, og du kan fortsatt føre det som "
                "skjer."
            ),
        )

    def say_older(self) -> None:
        """Say that what was written before is closed."""
        self._say(
            self.tr("Det som er skrevet tidligere, er lukket til du har logget inn"),
            self.tr(
                "Det er for lenge siden denne laptopen var logget inn på serveren. For pasientene "
                "på turen din ser du kritisk informasjon, ordinasjoner og utleveringer. "
                "Ingenting er slettet, og du kan fortsatt føre det som skjer."
            ),
        )

    def _say(self, title: str, words: str) -> None:
        self.title.setText(title)
        self.words.setText(words)
        self.setAccessibleName(f"{title}. {words}")

    @Slot()
    def _log_in(self) -> None:
        LoginDialog(self._context, self.window()).open()


class LeaseBanner(Banner):
    """Over every page: calm during the last two days, and as long as reading is closed."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__("", "neutral", parent)
        self.setObjectName("leaseBanner")
        self._context = context
        self.login = SecondaryButton(
            self.tr("Logg inn"), self, icon="log-in", name="leaseBannerLogin"
        )
        self.login.setAccessibleName(self.tr("Logg inn på serveren, så åpnes det igjen"))
        self.login.clicked.connect(self._log_in)
        self.add_button(self.login)
        self.show_lease()

    @Slot()
    def show_lease(self) -> bool:
        """Say how the lease stands now; True when reading is closed."""
        found = lease.current(self._context.session)
        if found.state is LeaseState.OPEN:
            self.say("")
        elif found.state is LeaseState.WARNING:
            until = found.until.astimezone(OSLO)
            self.say(
                self.tr(
                    "Logg inn på serveren før {day} {date}. kl. {time}, ellers lukkes eldre "
                    "notater og søk. Ingenting slettes."
                ).format(
                    day=self._weekday(until.weekday()),
                    date=f"{until.day}.{until.month}",
                    time=f"{until:%H.%M}",
                ),
                "neutral",
            )
        else:
            self.say(
                self.tr(
                    "For lenge siden siste innlogging: eldre notater, søk og pasienter utenfor "
                    "turen er lukket. Ingenting er slettet, og alt kan føres."
                ),
                "warn",
            )
        return found.state is LeaseState.ENDED

    def _weekday(self, number: int) -> str:
        return (
            self.tr("mandag"),
            self.tr("tirsdag"),
            self.tr("onsdag"),
            self.tr("torsdag"),
            self.tr("fredag"),
            self.tr("lørdag"),
            self.tr("søndag"),
        )[number]

    @Slot()
    def _log_in(self) -> None:
        LoginDialog(self._context, self.window()).open()
