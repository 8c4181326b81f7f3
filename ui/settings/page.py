"""Settings: how the window looks, and the clinical limits it works with."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.domain.rights import Right
from fieldapp.services import settings
from ui.context import AppContext
from ui.i18n import available
from ui.page import Page
from ui.rights import offer
from ui.settings.instruments import InstrumentsCard
from ui.settings.keys import KeysCard
from ui.settings.limits import all_limits, limit_row
from ui.settings.lock import LockCard
from ui.settings.own_log import OwnLogCard
from ui.theme import SCALES, Scheme
from ui.widgets import Card, ChoiceRow, PageHeader, ScrollColumn, Statements, Text
from ui.witness.code_card import WitnessCodeCard


class SettingsPage(Page):
    """Choices take effect at once and are kept in the encrypted store."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("page")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = ScrollColumn(self.tr("Innstillinger"), self)
        outer.addWidget(scroll)
        column = scroll.body
        column.addWidget(PageHeader(self.tr("Innstillinger"), parent=self))
        column.addWidget(self._look())
        self._lock = LockCard(context, self)
        column.addWidget(self._lock)
        self._keys = KeysCard(context, self)
        column.addWidget(self._keys)
        self._witness_code = WitnessCodeCard(context, parent=self)
        column.addWidget(self._witness_code)
        offer(self._witness_code, context.session, Right.WITNESS)
        self._own_log = OwnLogCard(context, self)
        column.addWidget(self._own_log)
        column.addWidget(InstrumentsCard(context.session, self))
        column.addWidget(self._limits())
        column.addStretch(1)

    def show_for(self, **args: object) -> None:
        del args
        theme = self.context.theme
        self._witness_code.show_code()
        self._lock.show_now()
        self._own_log.show_lines()
        self._keys.show_now()
        self._scheme.choose(theme.scheme)
        self._scale.choose(theme.scale)
        self._language.choose(settings.get(self.context.session, settings.LANGUAGE, "nb"))
        self._scheme.buttons()[0].setFocus()

    def refresh(self, change_set: ChangeSet) -> None:
        if change_set.touches(kinds=frozenset({"witness_code"})):
            self._witness_code.show_code()

    def _look(self) -> Card:
        card = Card(self.tr("Utseende"), self)
        self._scheme = ChoiceRow(
            self.tr("Farger"),
            [
                (Scheme.LIGHT, self.tr("Lys")),
                (Scheme.DARK, self.tr("Mørk")),
                (Scheme.SYSTEM, self.tr("Følg maskinen")),
            ],
            card,
            name="scheme",
        )
        self._scale = ChoiceRow(
            self.tr("Tekststørrelse"), [(s, f"{s} %") for s in SCALES], card, name="scale"
        )
        self._language = ChoiceRow(
            self.tr("Språk"), list(available().items()), card, name="language"
        )
        language_note = Text(
            self.tr("Nytt språk gjelder fra neste gang programmet åpnes."), "small", card
        )
        for label, choice in (
            (self.tr("Farger"), self._scheme),
            (self.tr("Tekststørrelse"), self._scale),
            (self.tr("Språk"), self._language),
        ):
            heading = Text(label, "label", card)
            card.body.addWidget(heading)
            card.body.addWidget(choice)
            if choice is self._language and len(available()) < 2:
                for widget in (heading, choice, language_note):
                    widget.hide()  # one language is no choice
        card.body.addWidget(language_note)
        self._scheme.chosen.connect(lambda value: self._choose_look(settings.SCHEME, value))
        self._scale.chosen.connect(lambda value: self._choose_look(settings.TEXT_SCALE, value))
        self._language.chosen.connect(
            lambda value: settings.put(self.context.session, settings.LANGUAGE, str(value))
        )
        return card

    def _limits(self) -> Card:
        card = Card(self.tr("Kliniske grenser og kilder"), self)
        card.body.addWidget(
            Text(
                self.tr(
                    "Programmet viser grensene og hvor de kommer fra. Et menneske avgjør. "
                    "De som ikke er bekreftet, skal avklares av fagansvarlig."
                ),
                "muted",
                card,
            )
        )
        rows = Statements(self.tr("Kliniske grenser"), card)
        rows.setObjectName("limits")
        rows.set_rows([limit_row(n, limit) for n, limit in enumerate(all_limits())])
        card.body.addWidget(rows)
        return card

    def _choose_look(self, key: str, value: object) -> None:
        settings.put(self.context.session, key, str(value))
        theme = self.context.theme
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        scheme = Scheme(str(value)) if key == settings.SCHEME else theme.scheme
        scale = int(str(value)) if key == settings.TEXT_SCALE else theme.scale
        theme.apply(app, scheme, scale)
