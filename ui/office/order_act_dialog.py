"""An act on an order: stop, hold, take off hold, another place, reassessed; with a reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldapp.domain.medication import MedicationRequest
from fieldapp.domain.order_text import read_day
from fieldapp.domain.patients import Place
from sync.client.office_messages import ActOnOrderRequest, LiveClaim, OrderAction, OrderAnswer
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.order_words import claims_text
from ui.office.reasons import not_done_text
from ui.widgets import Banner, ChoiceRow, Dialog, FormField, Text
from ui.words import day_text, word


class OrderActDialog(Dialog):
    """`claims`: who holds days of this medicine, shown before anything is done.

    Signals:
        acted(object): the server's OrderAnswer.
    """

    acted = Signal(object)

    def __init__(
        self,
        context: AppContext,
        desk: OfficeDesk,
        action: OrderAction,
        order: MedicationRequest,
        patient_name: str,
        claims: list[LiveClaim],
        parent: QWidget | None = None,
    ) -> None:
        dangerous = action in (OrderAction.STOP, OrderAction.HOLD)
        super().__init__("", "", parent, dangerous=dangerous)
        self._desk, self._action, self._order = desk, action, order
        self._entry_id = context.session.new_id()
        self._busy = False
        today = context.session.today()
        title, follows, confirm = self._words()
        title = f"{title}: {order.product}, {patient_name}"
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(confirm)
        self.body.addWidget(Text(follows, "", self))
        holders = Banner("", "warn", self)
        holders.say(claims_text(claims, today), "warn")
        self.body.addWidget(holders)
        self.place = ChoiceRow(self.tr("Nytt sted"), (), self, name="orderPlace")
        self.place.set_options(
            [(place.value, word(place).capitalize()) for place in Place if place != order.place]
        )
        self.place.setVisible(action is OrderAction.PLACE)
        self.body.addWidget(self.place)
        self.told = QLineEdit(self)
        self.told.setObjectName("orderTold")
        self.told.setPlaceholderText(self.tr("For eksempel: apoteket ved Ida, kl. 10.15"))
        self.told_field = FormField(self.tr("Hvem er varslet?"), self.told, parent=self)
        self.told_field.setVisible(action is OrderAction.PLACE)
        self.body.addWidget(self.told_field)
        self.day = QLineEdit(day_text(today), self)
        self.day.setObjectName("orderDay")
        day_label = self.tr("Første dag uten dose")
        if action is OrderAction.REASSESS:
            day_label = self.tr("Vurdert av forskriver den")
        self.day_field = FormField(day_label, self.day, self.tr("dd.mm.åååå"), self)
        self.day_field.setVisible(action in (OrderAction.STOP, OrderAction.REASSESS))
        self.body.addWidget(self.day_field)
        self.reason = QLineEdit(self)
        self.reason.setObjectName("orderReason")
        self.reason.setPlaceholderText(self.tr("Hvem sa det, og hvorfor"))
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=self)
        self.body.addWidget(self.reason_field)
        self.body.addStretch(1)
        first: QWidget = self.reason
        if action is OrderAction.PLACE:
            first = self.place.buttons()[0]
        first.setFocus()

    def _words(self) -> tuple[str, str, str]:
        two = self.tr("Gjelder først når en annen person har godkjent det.")
        found = {
            OrderAction.STOP: (
                self.tr("Stans"),
                self.tr(
                    "Gjelder med en gang hos serveren. Skal dosen gis igjen senere, føres en ny "
                    "ordinasjon."
                ),
                self.tr("Stans ordinasjonen"),
            ),
            OrderAction.HOLD: (
                self.tr("Sett på vent"),
                self.tr("Gjelder med en gang hos serveren. Ingenting gis før den er tatt av vent."),
                self.tr("Sett på vent"),
            ),
            OrderAction.RESUME: (self.tr("Ta av vent"), two, self.tr("Legg til godkjenning")),
            OrderAction.REASSESS: (
                self.tr("Vurdert på nytt"),
                self.tr("Dager uten dose telles fra denne dagen. {0}").format(two),
                self.tr("Legg til godkjenning"),
            ),
            OrderAction.PLACE: (
                self.tr("Endre sted"),
                self.tr(
                    "Gjelder med en gang hos serveren. Den som delte ut før, må vite at det er "
                    "slutt, og den som overtar, at det begynner."
                ),
                self.tr("Endre sted"),
            ),
        }
        return found[self._action]

    def try_accept(self) -> None:
        """Ask the server, once; stay open until it has answered."""
        if self._busy or not self._is_complete():
            return
        day = read_day(self.day.text()) if self.day_field.isVisibleTo(self) else None
        request = ActOnOrderRequest(
            id=self._entry_id,
            order_id=self._order.id,
            base_revision=self._order.revision,
            action=self._action,
            reason=self.reason.text().strip(),
            day=day.isoformat() if day is not None else None,
            place=str(self.place.value or ""),
            told=self.told.text().strip(),
        )
        self._busy = True
        self._desk.ask(lambda service: service.act_on_order(request), self._on_answer, self._fail)

    def _is_complete(self) -> bool:
        wrong: list[QWidget] = []
        for field, editor, words in (
            (self.told_field, self.told, self.tr("Skriv hvem som er varslet.")),
            (self.reason_field, self.reason, self.tr("Skriv hvorfor.")),
        ):
            missing = field.isVisibleTo(self) and not editor.text().strip()
            field.say_problem(words if missing else "")
            if missing:
                wrong.append(editor)
        day_wrong = self.day_field.isVisibleTo(self) and read_day(self.day.text()) is None
        self.day_field.say_problem(self.tr("Skriv datoen som dd.mm.åååå.") if day_wrong else "")
        if day_wrong:
            wrong.append(self.day)
        if self._action is OrderAction.PLACE and self.place.value is None:
            self.problem.say(self.tr("Velg det nye stedet."), "danger")
            wrong.insert(0, self.place.buttons()[0])
        else:
            self.problem.say("")
        if wrong:
            wrong[0].setFocus()
            self._fit_soon()
        return not wrong

    def _on_answer(self, answer: OrderAnswer) -> None:
        self._busy = False
        self.acted.emit(answer)
        self.accept()

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()
