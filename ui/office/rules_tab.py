"""Regler: what the organisation has decided. All at the office may read; few may change."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from fieldapp.domain.rights import Right, may
from sync.client.office_messages import Rules, SetRulesRequest
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.tab import OfficeTab
from ui.widgets import Card, ChoiceRow, PrimaryButton, Row, Statements, Text, row_of


class RulesTab(OfficeTab):
    """Choices take effect when they are stored, and at each laptop with its next sync."""

    def __init__(
        self, context: AppContext, desk: OfficeDesk, parent: QWidget | None = None
    ) -> None:
        super().__init__("", context, desk, parent)
        self.setAccessibleName(self.tr("Regler"))
        self._may_set = may(context.session.user.role, Right.SET_RULES)
        self._card = card = Card(self.tr("Regler for virksomheten"), self)
        self.body.addWidget(card)
        self.body.addStretch(1)
        self._intro = Text(self.tr("Laptopene følger reglene fra neste synk."), "muted", card)
        card.body.addWidget(self._intro)
        self.read_only = Statements(self.tr("Regler"), card)
        self.read_only.setObjectName("rulesShown")
        card.body.addWidget(self.read_only)
        answers = ((True, self.tr("Ja")), (False, self.tr("Nei")))
        self.drafts = ChoiceRow(self._drafts_words(), answers, card, name="draftsTravel")
        self.courier = ChoiceRow(self._courier_words(), answers, card, name="courierAllowed")
        self._parts: list[QWidget] = []
        for words, detail, choice in (
            (self._drafts_words(), self._drafts_detail(), self.drafts),
            (self._courier_words(), self._courier_detail(), self.courier),
        ):
            parts: tuple[QWidget, ...] = (
                Text(words, "strong", card),
                Text(detail, "small", card),
                choice,
            )
            for part in parts:
                card.body.addWidget(part)
                self._parts.append(part)
        self.store = PrimaryButton(self.tr("Lagre reglene"), card, icon="save", name="rulesStore")
        self.store.clicked.connect(self._store)
        card.body.addLayout(row_of(self.store, None))
        self._parts.append(self.store)
        for part in self._parts:
            part.setVisible(self._may_set)
        self.read_only.setVisible(not self._may_set)
        card.hide()

    def load(self) -> None:
        self.read(lambda service: service.rules(), self._show)

    def focus_first(self) -> None:
        if self._may_set:
            self.drafts.buttons()[0].setFocus()

    def _drafts_words(self) -> str:
        return self.tr("Utkast sendes til serveren")

    def _drafts_detail(self) -> str:
        return self.tr(
            "Da er dagens tekst ikke borte om laptopen blir det. Bare den som skrev, kan lese den, "
            "og gjenopprettingsansvarlig med en begrunnelse som logges."
        )

    def _courier_words(self) -> str:
        return self.tr("Sendefil på minnepinne er tillatt")

    def _courier_detail(self) -> str:
        return self.tr(
            "For en laptop uten nett. Filen er kryptert til serveren og signert av laptopen."
        )

    def _show(self, rules: Rules) -> None:
        self._card.show()
        self.drafts.choose(rules.drafts_travel)
        self.courier.choose(rules.courier_allowed)
        shown = (
            ("drafts", self._drafts_words(), self._drafts_detail(), rules.drafts_travel),
            ("courier", self._courier_words(), self._courier_detail(), rules.courier_allowed),
        )
        self.read_only.set_rows(
            [
                Row(
                    id=name,
                    title=f"{words}: {self.tr('ja') if holds else self.tr('nei')}",
                    detail=detail,
                    icon="circle-check" if holds else "circle-slash",
                )
                for name, words, detail, holds in shown
            ]
        )

    @Slot()
    def _store(self) -> None:
        request = SetRulesRequest(
            drafts_travel=bool(self.drafts.value), courier_allowed=bool(self.courier.value)
        )

        def done(rules: Rules) -> None:
            self._show(rules)
            self.say_done(self.tr("Reglene er lagret og gjelder fra hver laptops neste synk."))

        self.act(lambda service: service.set_rules(request), done)
