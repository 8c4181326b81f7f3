"""The form of an order: a new one, or a new version. What is typed stays until it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from fieldapp.domain.codec import BodyError, from_body, to_body
from fieldapp.domain.medication import MedicationRequest, Part
from fieldapp.domain.order_text import OrderSheet, fits_a_sheet, read, sheet_of
from fieldapp.domain.orders import OrderCode, OrderProblem, check, errors_of
from fieldapp.domain.patients import Place
from fieldapp.services import reference
from sync.client.office_messages import (
    EnterOrderRequest,
    OrderAnswer,
    OrderPatientsAnswer,
    OrderPatientsRequest,
    OrderProblemRow,
)
from ui.context import AppContext
from ui.office.desk import OfficeDesk
from ui.office.order_words import problem_text
from ui.office.reasons import not_done_text
from ui.widgets import Banner, Dialog, FlowLayout, FormField, SearchField, Text
from ui.words import day_text, word

_PROBLEM = OrderProblem | OrderProblemRow


class WeekdayPicker(QWidget):
    """One box for each weekday. Attribute `boxes`, Monday first."""

    def __init__(self, label: str, parent: QWidget | None = None, *, name: str) -> None:
        super().__init__(parent)
        self.setAccessibleName(label)
        row = FlowLayout(self, 10)
        short = QLocale.FormatType.ShortFormat
        self.boxes: list[QCheckBox] = []
        for number in range(1, 8):
            box = QCheckBox(QLocale().dayName(number, short), self)
            box.setObjectName(f"{name}_{number}")
            box.setAccessibleName(f"{label}: {QLocale().dayName(number)}")
            self.boxes.append(box)
            row.addWidget(box)

    def text(self) -> str:
        """The days that are chosen, as `OrderSheet` writes them."""
        return ",".join(str(number) for number, box in enumerate(self.boxes, 1) if box.isChecked())

    def set_text(self, text: str) -> None:
        chosen = {part for part in text.split(",") if part}
        for number, box in enumerate(self.boxes, 1):
            box.setChecked(str(number) in chosen)


class OrderFormDialog(Dialog):
    """`order` is the version that is changed, None for a new order; `wished` are fields of a wish.

    Signals:
        entered(object): the server's OrderAnswer; the order waits for a second person.
    """

    WIDTH = 760

    entered = Signal(object)

    def __init__(
        self,
        context: AppContext,
        desk: OfficeDesk,
        parent: QWidget | None = None,
        *,
        order: MedicationRequest | None = None,
        patient_name: str = "",
        wished: Mapping[str, object] | None = None,
        proposal_id: str | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self._context, self._desk = context, desk
        self._order, self._proposal_id = order, proposal_id
        self._busy = False
        self._entry_id = context.session.new_id()
        self._order_id = order.id if order is not None else context.session.new_id()
        title = self.tr("Ny ordinasjon")
        if order is not None:
            title = self.tr("Endre ordinasjonen til {0}").format(patient_name)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Legg til godkjenning"))
        self.body.addWidget(
            Text(self.tr("Gjelder først når en annen person har godkjent den."), "muted", self)
        )
        self._fields: dict[str, FormField] = {}
        self._lines: dict[str, QLineEdit] = {}
        self._add_patient()
        self._add_medicine()
        self._add_pattern()
        self._add_rest()
        self._wish_note = Banner("", "neutral", self)
        self.body.insertWidget(1, self._wish_note)
        self.body.addStretch(1)
        self._fill(wished)
        self.depot_box.toggled.connect(self._show_kind)
        self._show_kind()
        first: QWidget = self.search if order is None else self._lines["morning"]
        first.setFocus()

    # --- the fields

    def _add_patient(self) -> None:
        self.search = SearchField(self.tr("Søk etter navn eller nummer"), self)
        self.search.setObjectName("orderPatientSearch")
        self.search.searched.connect(self._look_for)
        self.patient = QComboBox(self)
        self.patient.setObjectName("orderPatient")
        self.patient.setPlaceholderText(self.tr("Ingen valgt"))
        _let_shrink(self.patient)
        self._search_field = FormField(self.tr("Finn pasienten"), self.search, parent=self)
        self._patient_field = FormField(self.tr("Pasient"), self.patient, parent=self)
        self._fields["patient_id"] = self._patient_field
        for field in (self._search_field, self._patient_field):
            field.setVisible(self._order is None)
            self.body.addWidget(field)

    def _add_medicine(self) -> None:
        self.form = QComboBox(self)
        self.form.setObjectName("order_form")
        self.form.setPlaceholderText(self.tr("Velg form"))
        _let_shrink(self.form)
        for form in reference.order_forms().forms:
            self.form.addItem(form.name, form.name)
        self.form.setCurrentIndex(-1)
        self._grid(
            self._line("product", self.tr("Legemiddel")),
            self._line("atc", self.tr("ATC-kode")),
            self._field("form", self.tr("Legemiddelform"), self.form),
            self._line("strength", self.tr("Styrke"), self.tr("«8 mg», «8 mg/2 mg», «5 mg/ml»")),
        )
        # The form was made before the lines; Tab goes as the eye does.
        for before, after in (
            (self.patient, self._lines["product"]),
            (self._lines["product"], self._lines["atc"]),
            (self._lines["atc"], self.form),
            (self.form, self._lines["strength"]),
        ):
            QWidget.setTabOrder(before, after)
        self._concentration = self._line(
            "concentration_mg_per_ml",
            self.tr("Styrke i mg per ml"),
            self.tr("Bare for det som måles i mL. Leses av styrken når den står der."),
        )
        self.body.addWidget(self._concentration)

    def _add_pattern(self) -> None:
        self.depot_box = QCheckBox(self.tr("Depotinjeksjon"), self)
        self.depot_box.setObjectName("orderIsDepot")
        self.body.addWidget(self.depot_box)
        self.body.addWidget(Text(self.tr("Dose i mg"), "label", self))
        self._grid(
            *(self._line(part.value, self.tr("{0}, mg").format(word(part))) for part in Part)
        )
        self.weekdays = WeekdayPicker(self.tr("Ukedager med dose"), self, name="orderDay")
        self.home_days = WeekdayPicker(self.tr("Dager med dose hjem"), self, name="orderHome")
        self._daily = [
            self._field("weekdays", self.tr("Ukedager med dose"), self.weekdays),
            self._field(
                "take_home_weekdays",
                self.tr("Av disse tas med hjem"),
                self.home_days,
            ),
            self._line("max_take_home_days", self.tr("Høyst så mange dager med hjem om gangen")),
            self._line(
                "take_home_parts",
                self.tr("Deler av dagen som tas med hjem sammen med dagens første dose"),
                self.tr("«kveld», eller «kveld, natt». Tomt: alle dagens doser tas hos oss."),
            ),
        ]
        self.depot = QComboBox(self)
        self.depot.setObjectName("orderDepot")
        _let_shrink(self.depot)
        self.depot.addItem(self.tr("Står ikke i tabellen"), "")
        for depot in reference.depots().depots:
            if depot.scheduled:
                self.depot.addItem(depot.name, depot.code)
        self._depot = [
            self._line("interval_days", self.tr("Dager mellom injeksjonene")),
            self._field("depot", self.tr("Depot i tabellen"), self.depot),
        ]
        for field in (*self._daily, *self._depot):
            self.body.addWidget(field)

    def _add_rest(self) -> None:
        self.place = QComboBox(self)
        self.place.setObjectName("orderPlace")
        self.place.setPlaceholderText(self.tr("Velg sted"))
        for place in Place:
            self.place.addItem(word(place).capitalize(), place.value)
        self.place.setCurrentIndex(-1)
        self.place.setEnabled(self._order is None)
        place_help = "" if self._order is None else self.tr("Endres med «Endre sted».")
        self._grid(
            self._line("valid_from", self.tr("Gjelder fra"), self.tr("dd.mm.åååå")),
            self._line("valid_to", self.tr("Gjelder til"), self.tr("Tomt: til den endres")),
            self._field("place", self.tr("Sted"), self.place, place_help),
            self._line("prescriber", self.tr("Forskriver")),
        )
        self.body.addWidget(self._line("source", self.tr("Kilde")))
        self.body.addWidget(self._line("reason", self.tr("Merknad til den som godkjenner")))

    def _line(self, name: str, label: str, help_text: str = "") -> FormField:
        line = QLineEdit(self)
        line.setObjectName(f"order_{name}")
        self._lines[name] = line
        key = f"dose_{name}" if name in {part.value for part in Part} else name
        return self._field(key, label, line, help_text)

    def _field(self, key: str, label: str, editor: QWidget, help_text: str = "") -> FormField:
        field = FormField(label, editor, help_text, self)
        self._fields[key] = field
        return field

    def _grid(self, *fields: FormField) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(12)
        for number, field in enumerate(fields):
            grid.addWidget(field, number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)

    # --- what is filled in beforehand

    def _fill(self, wished: Mapping[str, object] | None) -> None:
        order = self._order
        today = self._context.session.today()
        if order is None:
            self._set_sheet(
                OrderSheet(source=self.tr("Ordinasjon på papir {0}").format(day_text(today)))
            )
            return
        found = _with_wish(order, wished or {})
        self._set_sheet(sheet_of(found))
        notes = []
        if wished:
            notes.append(self.tr("Feltene er fylt ut etter ønsket. Se over dem før du lagrer."))
        if not fits_a_sheet(order):
            notes.append(
                self.tr(
                    "Ordinasjonen har ulike doser på ulike dager, og skjemaet viser ikke alle. "
                    "Stans den, og før én ordinasjon for hver dose."
                )
            )
            self.confirm_button.setEnabled(False)
        self._wish_note.say("\n".join(notes), "neutral")

    def _set_sheet(self, sheet: OrderSheet) -> None:
        for name, line in self._lines.items():
            if name != "reason":
                line.setText(getattr(sheet, name))
        form = reference.order_forms().form(sheet.form)
        self.form.setCurrentIndex(self.form.findData(form.name) if form is not None else -1)
        self.place.setCurrentIndex(self.place.findData(sheet.place) if sheet.place else -1)
        self.depot.setCurrentIndex(max(0, self.depot.findData(sheet.depot)))
        self.depot_box.setChecked(sheet.is_depot)
        self.weekdays.set_text(sheet.weekdays)
        self.home_days.set_text(sheet.take_home_weekdays)

    def sheet(self) -> OrderSheet:
        """What is typed now."""
        typed = {name: line.text() for name, line in self._lines.items() if name != "reason"}
        depot = self.depot_box.isChecked()
        sheet = OrderSheet(
            **typed,
            form=str(self.form.currentData() or ""),
            place=str(self.place.currentData() or ""),
            weekdays=self.weekdays.text(),
            take_home_weekdays="" if depot else self.home_days.text(),
            depot=str(self.depot.currentData() or ""),
        )
        if depot:
            # A depot is told by its interval; an empty one is then named as missing.
            none = {"noon": "", "evening": "", "night": "", "take_home_parts": ""}
            return replace(sheet, max_take_home_days="", **none)
        return replace(sheet, interval_days="", depot="")

    def _show_kind(self) -> None:
        depot = self.depot_box.isChecked()
        for field in self._daily:
            field.setVisible(not depot)
        for field in self._depot:
            field.setVisible(depot)
        for part in (Part.NOON, Part.EVENING, Part.NIGHT):
            self._fields[f"dose_{part.value}"].setVisible(not depot)
        label = self.tr("Dose, mg") if depot else self.tr("{0}, mg").format(word(Part.MORNING))
        self._fields["dose_morning"].label.setText(label)
        self._lines["morning"].setAccessibleName(label)
        if self.isVisible():
            self._fit_soon()

    # --- patients

    def _look_for(self, text: str) -> None:
        request = OrderPatientsRequest(query=text.strip())
        self._desk.ask(
            lambda service: service.order_patients(request), self._show_patients, self._fail
        )

    def _show_patients(self, answer: OrderPatientsAnswer) -> None:
        self.problem.say("")
        self.patient.clear()
        for one in answer.patients:
            born = date.fromisoformat(one.birth_date) if one.birth_date else None
            words = one.name if born is None else f"{one.name} · {day_text(born)}"
            self.patient.addItem(words, one.id)
        # One who is found alone is the one who was meant; of several, somebody must choose.
        self.patient.setCurrentIndex(0 if len(answer.patients) == 1 else -1)
        nobody = self.tr("Ingen passer med søket.") if not answer.patients else ""
        self._patient_field.say_problem(nobody)
        self._fit_soon()

    # --- storing

    def try_accept(self) -> None:
        """Say everything that is wrong, or let the server store it; stay open until it has."""
        if self._busy or not self.confirm_button.isEnabled():
            return
        made = self._made()
        if made is None:
            return
        patient_id, order = made
        request = EnterOrderRequest(
            id=self._entry_id,
            order_id=self._order_id,
            patient_id=patient_id,
            base_revision=self._order.revision if self._order is not None else 0,
            body=to_body(order),
            reason=self._lines["reason"].text().strip(),
            proposal_id=self._proposal_id,
        )
        self._busy = True
        self._desk.ask(lambda service: service.enter_order(request), self._on_answer, self._fail)

    def holds_unsaved(self) -> bool:
        """True when something was typed that only this form has."""
        return bool(self._lines["product"].text().strip())

    def _made(self) -> tuple[str, MedicationRequest] | None:
        self._clear_problems()
        patient_id = str(self.patient.currentData() or "")
        if self._order is not None:
            patient_id = self._order.patient_id
        sheet = self.sheet()
        made = read(sheet, self._order_id, patient_id, reference.order_forms())
        found = check(
            made.draft,
            reference.order_forms(),
            today=self._context.session.today(),
            previous=self._order,
            depots=reference.depots(),
        )
        problems = [*made.problems, *made.beside(errors_of(found))]
        if self.depot_box.isChecked() and not sheet.interval_days.strip():
            # Without it and without a code the sheet is read as one of a daily medicine.
            missing = OrderProblem(OrderCode.INTERVAL_MISSING, "interval_days")
            daily = ("weekdays", "interval_days")
            problems = [*(one for one in problems if one.field not in daily), missing]
        self._say(problems)
        if not patient_id:
            self._patient_field.say_problem(self.tr("Velg pasienten."))
            self.search.setFocus()
            self._fit_soon()
            return None
        return None if problems or made.order is None else (patient_id, made.order)

    def _clear_problems(self) -> None:
        self.problem.say("")
        for field in self._fields.values():
            field.say_problem("")

    def _say(self, problems: Sequence[_PROBLEM]) -> None:
        """Say each problem at its field, those without a field above all; go to the first."""
        if not problems:
            return
        beside: list[str] = []
        first: QWidget | None = None
        for problem in problems:
            key = "dose_morning" if problem.field == "doses" else problem.field
            field = self._fields.get(key)
            if field is None or not field.isVisibleTo(self):
                beside.append(problem_text(problem))
                continue
            field.say_problem("\n".join(filter(None, (field.problem, problem_text(problem)))))
            first = first or field.editor
        head = self.tr("Ordinasjonen er ikke lagret. Rett det som er merket.")
        self.problem.say("\n".join((head, *beside)), "danger")
        if isinstance(first, WeekdayPicker):
            first = first.boxes[0]
        if first is not None:
            first.setFocus()
        self._fit_soon()

    def _on_answer(self, answer: OrderAnswer) -> None:
        self._busy = False
        if answer.entry is None:
            self._say([problem for problem in answer.problems if not problem.warning])
            return
        self.entered.emit(answer)
        self.accept()

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        self.problem.say(not_done_text(error), "danger")
        self._fit_soon()


def _with_wish(order: MedicationRequest, wished: Mapping[str, object]) -> MedicationRequest:
    """The order with a wish's fields; a field that cannot be read stays as it is."""
    body = to_body(order)
    fields = {"doses", "weekdays", "take_home_weekdays", "max_take_home_days", "product", "atc"}
    fields |= {"form", "strength", "concentration_mg_per_ml", "valid_from", "valid_to"}
    fields |= {"prescriber", "interval_days", "depot"}
    for name, value in wished.items():
        if name not in fields:
            continue
        try:
            from_body(MedicationRequest, {**body, name: value})
        except BodyError:
            continue
        body[name] = value
    return from_body(MedicationRequest, body)


def _let_shrink(box: QComboBox) -> None:
    """As narrow as large text needs it; the list that opens shows the whole words."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
