"""Regler: what the organisation has decided. All at the office may read; few may change."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from fieldapp.domain.rights import Right, may
from sync.client.office_messages import Rules, SetRulesRequest
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.tab import OfficeTab
from ui.widgets import Card, ChoiceRow, PrimaryButton, Row, Statements, Text, row_of

_BEGINNINGS = ("05:00", "06:00", "07:00", "08:00")
_PULL_HOURS = (12, 24, 48, 72, 96, 168)
_TRIP_DAYS = (1, 2, 3, 4, 5, 6, 7)
_LEASE_DAYS = (1, 2, 3, 5, 7, 10, 14, 30)
_LOCK_MINUTES = (1, 2, 3, 4, 5)
_ETREAT_HOURS = (8, 12, 24, 48, 72)
_BTG_HOURS = (2, 4, 8, 12, 24)
_IN_HOURS = frozenset({"pull_max_age_hours", "etreat_hours", "btg_hours"})


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule as it is shown: field of `Rules`, its words, what it means, and what can be chosen.

    `name` is that of its buttons.
    """

    field: str
    words: str
    detail: str
    options: tuple[tuple[object, str], ...]
    name: str


class RulesTab(OfficeTab):
    """Choices take effect when they are stored, and at each laptop with its next sync."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Regler"))
        self._may_set = may(context.session.user.role, Right.SET_RULES)
        self._rules = (
            *self._of_texts(),
            *self._of_access(),
            *self._of_handing_out(),
            *self._of_the_register(),
        )
        self._card = card = Card(self.tr("Regler for virksomheten"), self)
        self.body.addWidget(card)
        self.body.addStretch(1)
        self._intro = Text(self.tr("Laptopene følger reglene fra neste synk."), "muted", card)
        card.body.addWidget(self._intro)
        self.read_only = Statements(self.tr("Regler"), card)
        self.read_only.setObjectName("rulesShown")
        card.body.addWidget(self.read_only)
        self._choices: dict[str, ChoiceRow] = {}
        parts: list[QWidget] = []
        for rule in self._rules:
            choice = ChoiceRow(rule.words, rule.options, card, name=rule.name)
            self._choices[rule.field] = choice
            shown: tuple[QWidget, ...] = (
                Text(rule.words, "strong", card),
                Text(rule.detail, "small", card),
                choice,
            )
            for part in shown:
                card.body.addWidget(part)
                parts.append(part)
        self.store = PrimaryButton(self.tr("Lagre reglene"), card, icon="save", name="rulesStore")
        self.store.clicked.connect(self._store)
        card.body.addLayout(row_of(self.store, None))
        parts.append(self.store)
        for part in parts:
            part.setVisible(self._may_set)
        self.read_only.setVisible(not self._may_set)
        card.hide()

    @property
    def drafts(self) -> ChoiceRow:
        """Whether unsigned texts go to the server."""
        return self._choices["drafts_travel"]

    @property
    def courier(self) -> ChoiceRow:
        """Whether files on a stick are allowed."""
        return self._choices["courier_allowed"]

    def choice(self, field: str) -> ChoiceRow:
        """Return the choice of a rule, by its field of `Rules`."""
        return self._choices[field]

    def load(self) -> None:
        self.read(lambda service: service.rules(), self._show)

    def focus_first(self) -> None:
        if self._may_set:
            self.drafts.buttons()[0].setFocus()

    # --- the rules in words

    def _yes_or_no(self) -> tuple[tuple[object, str], ...]:
        return ((True, self.tr("Ja")), (False, self.tr("Nei")))

    def _of_texts(self) -> tuple[_Rule, ...]:
        return (
            _Rule(
                "drafts_travel",
                self.tr("Utkast sendes til serveren"),
                self.tr(
                    "Da er dagens tekst ikke borte om laptopen blir det. Bare den som skrev, kan "
                    "lese den, og gjenopprettingsansvarlig med en begrunnelse som logges."
                ),
                self._yes_or_no(),
                "draftsTravel",
            ),
            _Rule(
                "lease_days",
                self.tr("Innlogging varer uten nett i"),
                self.tr(
                    "Etter så mange dager uten innlogging lukker laptopen eldre notater, søk og "
                    "pasienter utenfor turen. Ingenting slettes, og alt kan føres."
                ),
                tuple((days, self._days(days)) for days in _LEASE_DAYS),
                "leaseDays",
            ),
            _Rule(
                "courier_allowed",
                self.tr("Sendefil på minnepinne er tillatt"),
                self.tr(
                    "For en laptop uten nett. Filen er kryptert til serveren og signert av "
                    "laptopen."
                ),
                self._yes_or_no(),
                "courierAllowed",
            ),
        )

    def _of_access(self) -> tuple[_Rule, ...]:
        return (
            _Rule(
                "lock_minutes",
                self.tr("Vinduet låses uten bruk etter"),
                self.tr(
                    "Den enkelte kan velge kortere tid, ikke lengre. Medisinrunden låses etter to "
                    "minutter, eller før."
                ),
                tuple((minutes, self._minutes(minutes)) for minutes in _LOCK_MINUTES),
                "lockMinutesRule",
            ),
            _Rule(
                "etreat_hours",
                self.tr("Øyeblikkelig hjelp åpner en pasient i"),
                self.tr("For pasienter utenfor ens egen liste. Hver åpning står i «Tilganger»."),
                tuple((hours, self._hours(hours)) for hours in _ETREAT_HOURS),
                "etreatHours",
            ),
            _Rule(
                "btg_hours",
                self.tr("Annen tungtveiende grunn åpner en pasient i"),
                self.tr("Krever ord om hvorfor, og noen ser på hver åpning etterpå."),
                tuple((hours, self._hours(hours)) for hours in _BTG_HOURS),
                "btgHours",
            ),
        )

    def _of_handing_out(self) -> tuple[_Rule, ...]:
        return (
            _Rule(
                "service_day_begins",
                self.tr("Utdelingsdagen begynner"),
                self.tr(
                    "Hver reservert dag gjelder herfra til samme klokkeslett neste morgen. Kan "
                    "bare endres når ingen har reservert dager."
                ),
                tuple((time, self._clock(time)) for time in _BEGINNINGS),
                "serviceDayBegins",
            ),
            _Rule(
                "pull_max_age_hours",
                self.tr("Lengste tid siden siste hele synk"),
                self.tr("Er det lenger siden, må laptopen synkronisere før den kan gi grønt."),
                tuple((hours, self._hours(hours)) for hours in _PULL_HOURS),
                "pullMaxAge",
            ),
            _Rule(
                "longest_trip_days",
                self.tr("Lengste tur"),
                self.tr("Så mange dager kan reserveres på forhånd, i dag medregnet."),
                tuple((days, self._days(days)) for days in _TRIP_DAYS),
                "longestTrip",
            ),
            _Rule(
                "witness_required",
                self.tr("Utdeling skal bevitnes"),
                self.tr("En annen bekrefter hver utdeling med sin egen kode, eller senere."),
                self._yes_or_no(),
                "witnessRequired",
            ),
        )

    def _of_the_register(self) -> tuple[_Rule, ...]:
        return (
            _Rule(
                "two_person_register",
                self.tr("Narkotikaregnskapet føres av to"),
                self.tr("Den andre bekrefter hver linje. En bekreftelse i ettertid merkes."),
                self._yes_or_no(),
                "twoPersonRegister",
            ),
            _Rule(
                "folder_export_allowed",
                self.tr("Utskrifter kan lagres som fil"),
                self.tr(
                    "I en mappe som den enkelte velger. Filene er ikke kryptert, og hver lagring "
                    "logges."
                ),
                self._yes_or_no(),
                "folderExport",
            ),
        )

    def _clock(self, time: str) -> str:
        return self.tr("kl. {time}").format(time=time)

    def _hours(self, hours: int) -> str:
        return self.tr("{hours} timer").format(hours=hours)

    def _minutes(self, minutes: int) -> str:
        return (
            self.tr("1 minutt")
            if minutes == 1
            else self.tr("{minutes} minutter").format(minutes=minutes)
        )

    def _days(self, days: int) -> str:
        return self.tr("1 dag") if days == 1 else self.tr("{days} dager").format(days=days)

    # --- shown and stored

    def _show(self, rules: Rules) -> None:
        self._card.show()
        for rule in self._rules:
            self._choices[rule.field].choose(getattr(rules, rule.field))
        self.read_only.set_rows(
            [self._row(rule, getattr(rules, rule.field)) for rule in self._rules]
        )

    def _row(self, rule: _Rule, value: object) -> Row:
        said = str(value)
        if isinstance(value, bool):
            said = self.tr("ja") if value else self.tr("nei")
        elif rule.field == "service_day_begins":
            said = self._clock(str(value))
        elif isinstance(value, int):
            words = self._hours if rule.field in _IN_HOURS else self._days
            said = self._minutes(value) if rule.field == "lock_minutes" else words(value)
        return Row(
            id=rule.field,
            title=f"{rule.words}: {said}",
            detail=rule.detail,
            icon="circle-slash" if value is False else "circle-check",
        )

    @Slot()
    def _store(self) -> None:
        # What is not among the choices stays as it is.
        request = SetRulesRequest.model_validate(
            {rule.field: self._choices[rule.field].value for rule in self._rules}
        )

        def done(rules: Rules) -> None:
            self._show(rules)
            self.say_done(self.tr("Reglene er lagret og gjelder fra hver laptops neste synk."))

        self.act(lambda service: service.set_rules(request), done)
