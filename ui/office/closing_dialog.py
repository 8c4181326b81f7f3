"""Before a laptop or an account is closed: what would be lost, and a second, deliberate step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from sync.client.office_messages import (
    CloseAccountRequest,
    ClosingAnswer,
    ClosingRequest,
    DeviceOrderKind,
    Done,
    GiveOrderRequest,
    LaptopRow,
    OfficeService,
)
from ui.office.desk import OfficeDesk
from ui.office.reasons import not_done_text
from ui.office.state import closing_rows, is_confirmed
from ui.widgets import Banner, Dialog, FormField, Statements, Text

T = TypeVar("T")


class ClosingDialog(Dialog):
    """First the checklist and a reason; then the name must be typed. Nothing is done by one key.

    Exactly one of `device_id` and `user_id` is given; `kind` is the order to the laptop. `wanted`
    is what must be typed.

    Signals:
        closed(): the server has done it.
    """

    closed = Signal()

    def __init__(
        self,
        desk: OfficeDesk,
        parent: QWidget | None = None,
        *,
        name: str,
        wanted: str,
        device_id: str | None = None,
        user_id: str | None = None,
        kind: DeviceOrderKind = DeviceOrderKind.LOST,
    ) -> None:
        super().__init__("", "", parent, dangerous=True)
        self._desk = desk
        self._device_id, self._user_id, self._wanted = device_id, user_id, wanted
        self._kind = kind
        self._known = False
        self._second = False
        self._busy = False
        self._warning_words = ""
        laptop = device_id is not None
        title = self.tr("Steng kontoen til {0}").format(name)
        follows = self.tr(
            "Personen slipper ikke lenger inn på serveren. Det som er ført, står i journalen."
        )
        self._final = self.tr("Steng kontoen")
        if laptop and kind is DeviceOrderKind.LOST:
            title = self.tr("Meld laptopen til {0} tapt").format(name)
            follows = self.tr(
                "Laptopen sletter alt den har, så snart den får dekning, også når den er låst. Det "
                "som ikke er sendt, går tapt. Sender noen noe fra den, blir det liggende til "
                "kontoret har sett på det. Det kan ikke gjøres om."
            )
            self._final = self.tr("Meld tapt")
        elif laptop:
            title = self.tr("Avslutt laptopen til {0}").format(name)
            follows = self.tr(
                "Laptopen sender først alt som ikke er sendt, når personen låser den opp med "
                "dekning. Når serveren har kvittert for alt, sletter den det den har. Den får "
                "ingenting nytt. Det kan ikke gjøres om."
            )
            self._final = self.tr("Avslutt laptopen")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Gå videre"))
        self.body.addWidget(Text(follows, "", self))
        self._heading = Text(self.tr("Dette vet serveren"), "label", self)
        self.body.addWidget(self._heading)
        self.points = Statements(self.tr("Dette vet serveren"), self)
        self.points.setObjectName("closingPoints")
        self.body.addWidget(self.points)
        self._patients = Text("", "muted", self)
        self._patients.hide()
        self.body.addWidget(self._patients)
        # Other people's stores on the same laptop: lost with it, so they are ticked.
        self.others: dict[str, QCheckBox] = {}
        self._others = QWidget(self)
        self._others.setObjectName("closingOthers")
        column = QVBoxLayout(self._others)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Text(self.tr("Meld også tapt, på samme maskin:"), "label", self._others))
        self._others.hide()
        self.body.addWidget(self._others)
        self.reason = QLineEdit(self)
        self.reason.setObjectName("closingReason")
        example = self.tr("For eksempel: mistet på toget 20. november")
        if not (laptop and kind is DeviceOrderKind.LOST):
            example = self.tr("For eksempel: slutter 30. november")
        self.reason.setPlaceholderText(example)
        self.reason_field = FormField(self.tr("Begrunnelse"), self.reason, parent=self)
        self.body.addWidget(self.reason_field)
        self._warning = Banner("", "danger", self)
        self.body.addWidget(self._warning)
        self.typed = QLineEdit(self)
        self.typed.setObjectName("closingTyped")
        self.typed_field = FormField(
            self.tr("Skriv «{0}» for å bekrefte").format(wanted), self.typed, parent=self
        )
        self.typed_field.hide()
        self.body.addWidget(self.typed_field)
        self.body.addStretch(1)
        self.reason.setFocus()
        self._look()

    def _look(self) -> None:
        self.confirm_button.setEnabled(False)
        request = ClosingRequest(device_id=self._device_id, user_id=self._user_id)
        self._ask(lambda service: service.closing(request), self._show)

    def try_accept(self) -> None:
        """The first time: on to the second step. The second time: do it, if all is typed."""
        if self._busy:
            return
        if not self._known:
            self._look()
            return
        if not self.reason.text().strip():
            self.reason_field.say_problem(self.tr("Skriv hvorfor."))
            self.reason.setFocus()
            self._fit_soon()
            return
        self.reason_field.say_problem("")
        if not self._second:
            self._go_to_second_step()
            return
        if not is_confirmed(self.typed.text(), self._wanted):
            self.typed_field.say_problem(
                self.tr("Det stemmer ikke med «{0}». Ingenting er gjort.").format(self._wanted)
            )
            self.typed.setFocus()
            self._fit_soon()
            return
        self._ask(self._close_call(), self._on_closed)

    def _close_call(self) -> Callable[[OfficeService], Done]:
        reason = self.reason.text().strip()
        if self._device_id is not None:
            order = GiveOrderRequest(
                device_id=self._device_id,
                kind=self._kind,
                reason=reason,
                others=[other for other, box in self.others.items() if box.isChecked()],
            )
            return lambda service: service.give_order(order)
        assert self._user_id is not None
        close = CloseAccountRequest(user_id=self._user_id, reason=reason)
        return lambda service: service.close_account(close)

    def _go_to_second_step(self) -> None:
        self._second = True
        self._warning.say(self._warning_words, "danger")
        self.typed_field.show()
        self.confirm_button.say(self._final)
        self.typed.setFocus()
        self._fit_soon()

    def _show(self, answer: ClosingAnswer) -> None:
        self._known = True
        self.confirm_button.say(self.tr("Gå videre"))
        self.points.set_rows(closing_rows(answer.points))
        names = " · ".join(patient.name for patient in answer.only_they_follow[:8])
        if len(answer.only_they_follow) > 8:
            names = self.tr("{0} og {1} til").format(names, len(answer.only_they_follow) - 8)
        self._patients.setText(self.tr("Følges av ingen andre: {0}").format(names))
        self._patients.setVisible(bool(names))
        if self._device_id is not None and self._kind is DeviceOrderKind.LOST:
            self._show_others(answer.same_machine)
        ends = self._device_id is not None and self._kind is DeviceOrderKind.ENDED
        lost = any(point.blocking for point in answer.points) and not ends
        self._warning_words = self.tr("Er du sikker? Dette kan ikke gjøres om.")
        if lost:
            self._warning_words = self.tr(
                "Noe går tapt for godt. Be personen synke først, eller hente en sendefil fra "
                "laptopen, hvis det er mulig."
            )
        self.confirm_button.setEnabled(True)
        self._fit_soon()

    def _show_others(self, rows: Sequence[LaptopRow]) -> None:
        column = self._others.layout()
        assert column is not None
        for row in rows:
            if row.device_id is None or row.device_id in self.others:
                continue
            # Short, since the words of a box do not wrap; a screen reader hears the whole.
            words = row.name
            if row.waiting:
                words = self.tr("{0} ({1} usendt)").format(row.name, row.waiting)
            box = QCheckBox(words, self._others)
            box.setAccessibleName(self.tr("Meld også lageret til {0} tapt").format(words))
            box.setObjectName("closingOther")
            box.setChecked(True)
            column.addWidget(box)
            self.others[row.device_id] = box
        self._others.setVisible(bool(self.others))

    def _on_closed(self, done: Done) -> None:
        del done
        self.closed.emit()
        self.accept()

    def _ask(self, call: Callable[[OfficeService], T], on_done: Callable[[T], None]) -> None:
        self._busy = True

        def done(answer: T) -> None:
            self._busy = False
            self.problem.say("")
            on_done(answer)

        self._desk.ask(call, done, self._fail)

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        self.problem.say(not_done_text(error), "danger")
        if not self._known:
            self.confirm_button.say(self.tr("Prøv igjen"))
            self.confirm_button.setEnabled(True)
        self._fit_soon()
