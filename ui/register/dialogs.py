"""The acts of the register, each in a dialog that says at once what a count comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fieldapp.domain.medication import CoSignature, HandoutError
from fieldapp.domain.supply import Item, SupplyError, SupplyMovement, Unit
from fieldapp.domain.supply_balance import Balance, Difference
from fieldapp.errors import FieldAppError
from fieldapp.services import register_acts, register_view
from fieldapp.services.register_acts import Done, Taken
from fieldapp.services.register_view import Overview
from ui.context import AppContext
from ui.errors import sentence_for
from ui.register.state import LedgerView, read_amount, told_text
from ui.register.witness_field import WitnessField, verify
from ui.register.words import item_text, line_text, unit_word, units_text
from ui.widgets import ChoiceRow, Dialog, FormField, Tag, Text, clear


class ActDialog(Dialog):
    """Saves when it is accepted; what stands in the way is said in it, and it stays open.

    Attributes: `done_act`, what was stored; `witness`, the second person.
    """

    def __init__(
        self,
        context: AppContext,
        view: Overview,
        title: str,
        confirm: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, confirm, parent)
        self.done_act: Done | None = None
        self._context = context
        self._view = view
        self.witness = WitnessField(context, view, self)

    def act(self, witness: CoSignature | None) -> Done:
        """Do it. Raises SupplyError and the errors of the store."""
        raise NotImplementedError

    def try_accept(self) -> None:
        """A witness's code is proven first, off the window's thread; then everything is saved."""
        if not self.witness.must_be_checked:
            super().try_accept()
            return
        self.confirm_button.setEnabled(False)
        session = self._context.session
        person_id, code = self.witness.checker()
        self._context.tasks.run(
            lambda: verify(session, person_id, code), self._on_code, self._on_code_trouble
        )

    def _on_code(self, fits: bool) -> None:
        self.confirm_button.setEnabled(True)
        self.witness.prove(fits)
        if fits:
            super().try_accept()

    def _on_code_trouble(self, error: BaseException) -> None:
        self.confirm_button.setEnabled(True)
        self.problem.say(sentence_for(error), "danger")

    def check(self) -> str:
        problem = self.witness.problem()
        if problem:
            return problem
        try:
            self.done_act = self.act(self.witness.value)
        except (SupplyError, HandoutError, FieldAppError) as error:
            return sentence_for(error)
        self._context.changes.announce(self.done_act.change_set)
        return ""

    def _add(self, *fields: QWidget) -> None:
        for field in fields:
            self.body.addWidget(field)

    def _end(self) -> None:
        """The second person comes last: they confirm what stands above."""
        self.body.addWidget(self.witness)
        self.body.addStretch(1)

    def _line(self, label: str, help_text: str = "", name: str = "") -> QLineEdit:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        self._add(FormField(label, editor, help_text, parent=self))
        return editor

    def _combo(
        self, label: str, entries: Sequence[tuple[object, str]], name: str = ""
    ) -> QComboBox:
        combo = QComboBox(self)
        combo.setObjectName(name)
        for value, text in entries:
            combo.addItem(text, value)
        self._add(FormField(label, combo, parent=self))
        return combo

    def _stores(self, label: str) -> QComboBox:
        entries = [(store.ledger, store.name) for store in self._view.stores]
        combo = self._combo(label, entries, "registerStore")
        if len(entries) > 1:
            combo.setCurrentIndex(-1)  # which cupboard is never guessed
        return combo


def _chosen(combo: QComboBox) -> str:
    return str(combo.currentData() or "")


class CountRow(QWidget):
    """A product with a field for what was counted, and the difference beside it as it is typed."""

    def __init__(self, balance: Balance, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = balance.item
        self.expected = balance.expected
        self.editor = QLineEdit(self)
        self.editor.setObjectName("registerCounted")
        self.editor.setAccessibleName(f"{label}: {item_text(self.item)}")
        self.field = FormField(label, self.editor, parent=self)
        self.told = Tag("", "neutral", self)
        self.told.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.field, 1)
        # Beside the figure, not beside the label above it.
        row.addWidget(self.told, 0, Qt.AlignmentFlag.AlignBottom)
        self.editor.textChanged.connect(self._tell)

    def expect(self, expected: Decimal) -> None:
        """Something else should be there now."""
        self.expected = expected
        self._tell()

    @property
    def units(self) -> Decimal:
        return read_amount(self.editor.text())

    def _tell(self) -> None:
        units = self.units
        self.told.setVisible(units.is_finite())
        if units.is_finite():
            notice = told_text(units - self.expected, self.item.unit)
            self.told.say(notice.text, notice.tone)
            self.editor.setAccessibleDescription(notice.text)


class ReceiveDialog(ActDialog):
    """From the pharmacy into a store; the first delivery of a store names it."""

    def __init__(self, context: AppContext, view: Overview, parent: QWidget | None = None) -> None:
        super().__init__(context, view, "", "", parent)
        self.setWindowTitle(self.tr("Mottatt fra apotek"))
        self.title.setText(self.tr("Mottatt fra apotek"))
        self.confirm_button.say(self.tr("Før inn"))
        self.place = QComboBox(self)
        self.place.setObjectName("registerPlace")
        self.place.setEditable(True)
        for store in view.stores:
            self.place.addItem(store.name)
        self.place.setCurrentIndex(0 if len(view.stores) == 1 else -1)
        line = self.place.lineEdit()
        if line is not None:
            line.setAccessibleName(self.tr("Skap"))
        self._add(
            FormField(
                self.tr("Skap"),
                self.place,
                self.tr("Skriv et nytt navn for et skap som ikke er brukt før."),
                parent=self,
            )
        )
        entries: list[tuple[object, str]] = [
            (number, f"{item_text(item)} ({unit_word(item.unit)})")
            for number, item in enumerate(view.items)
        ]
        entries.append((-1, self.tr("Et annet preparat")))
        self.product = self._combo(self.tr("Preparat"), entries, "registerItem")
        self.product.setCurrentIndex(-1 if view.items else 0)
        self._new = QWidget(self)
        self.name, self.strength, self.unit = self._new_product()
        self._add(self._new)
        self.units = self._line(self.tr("Mengde"), name="registerUnits")
        self.voucher = self._line(self.tr("Bilag"), self.tr("Rekvisisjon eller pakkseddel."))
        self.lot = self._line(self.tr("Batch"))
        self.expiry = self._line(self.tr("Holdbar til"), self.tr("dd.mm.åååå, kan stå tomt."))
        self.product.currentIndexChanged.connect(self._show_new)
        self._show_new()
        self._end()
        self.place.setFocus()

    def _new_product(self) -> tuple[QLineEdit, QLineEdit, ChoiceRow]:
        column = QVBoxLayout(self._new)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        name, strength = QLineEdit(self._new), QLineEdit(self._new)
        unit = ChoiceRow(
            self.tr("Telles i"),
            [(one, unit_word(one)) for one in Unit],
            self._new,
            name="registerUnit",
        )
        column.addWidget(FormField(self.tr("Navn på preparatet"), name, parent=self._new))
        column.addWidget(
            FormField(self.tr("Styrke"), strength, self.tr("Som på pakningen."), parent=self._new)
        )
        column.addWidget(FormField(self.tr("Telles i"), unit, parent=self._new))
        return name, strength, unit

    def _show_new(self) -> None:
        self._new.setVisible(self.product.currentData() == -1)
        if self.isVisible():
            self._fit_soon()

    def _item(self) -> Item:
        number = self.product.currentData()
        if number is None:
            raise SupplyError("product_missing")
        if number >= 0:
            return self._view.items[int(number)]
        return Item(self.name.text(), self.strength.text(), str(self.unit.value or ""))

    def check(self) -> str:
        text = self.expiry.text().strip()
        if text and _day(text) is None:
            return self.tr("Datoen kan ikke leses. Skriv den som dd.mm.åååå.")
        return super().check()

    def act(self, witness: CoSignature | None) -> Done:
        moment = _day(self.expiry.text().strip())
        return register_acts.receive(
            self._context.session,
            register_acts.store_ledger(self.place.currentText()),
            self._item(),
            read_amount(self.units.text()),
            voucher=self.voucher.text(),
            lot=self.lot.text(),
            expiry=None if moment is None else moment.date(),
            witness=witness,
        )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%d.%m.%Y")
    except ValueError:
        return None


class PackDialog(ActDialog):
    """From a store into a bag, counted there at once. An open bag may be filled up."""

    def __init__(
        self,
        context: AppContext,
        view: Overview,
        bag: LedgerView | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, view, "", "", parent)
        title = self.tr("Pakk veske") if bag is None else self.tr("Fyll på vesken")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Før ut"))
        self._bag = bag
        self.store = self._stores(self.tr("Fra skap"))
        self._rows: list[tuple[Balance, QLineEdit, CountRow]] = []
        self._place = QWidget(self)
        self._column = QVBoxLayout(self._place)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._add(self._place)
        self.store.currentIndexChanged.connect(self._show_items)
        self._show_items()
        self._end()
        self.store.setFocus()

    @property
    def rows(self) -> list[tuple[Balance, QLineEdit, CountRow]]:
        """For each product of the store: what it holds, what is taken, what is counted."""
        return self._rows

    def _show_items(self) -> None:
        clear(self._column)
        self._rows = []
        ledger = _chosen(self.store)
        items = next((one.items for one in self._view.stores if one.ledger == ledger), ())
        for balance in items:
            text = self.tr("{item} – {amount} i skapet").format(
                item=item_text(balance.item),
                amount=units_text(balance.expected, balance.item.unit),
            )
            self._column.addWidget(Text(text, "strong", self._place))
            taken = QLineEdit(self._place)
            taken.setObjectName("registerTaken")
            taken.setAccessibleName(f"{self.tr('Tas ut')}: {item_text(balance.item)}")
            self._column.addWidget(
                FormField(
                    f"{self.tr('Tas ut')} ({unit_word(balance.item.unit)})",
                    taken,
                    parent=self._place,
                )
            )
            counted = CountRow(balance, self.tr("Talt i vesken etterpå"), self._place)
            counted.expect(self._before(balance.item))
            taken.textChanged.connect(self._expecting(balance.item, taken, counted))
            self._column.addWidget(counted)
            self._rows.append((balance, taken, counted))
        if self.isVisible():
            self._fit_soon()

    def _before(self, item: Item) -> Decimal:
        items = () if self._bag is None else self._bag.items
        found = next((one.expected for one in items if one.item.key == item.key), None)
        return Decimal(0) if found is None else found

    def _expecting(self, item: Item, taken: QLineEdit, counted: CountRow) -> Callable[[], None]:
        def expect() -> None:
            units = read_amount(taken.text())
            before = self._before(item)
            counted.expect(before + units if units.is_finite() else before)

        return expect

    def act(self, witness: CoSignature | None) -> Done:
        if not _chosen(self.store):
            raise SupplyError("ledger_unknown")
        taken = [
            Taken(balance.item, read_amount(units.text()), counted.units)
            for balance, units, counted in self._rows
            if units.text().strip() or counted.editor.text().strip()
        ]
        return register_acts.pack(
            self._context.session,
            _chosen(self.store),
            taken,
            bag=None if self._bag is None else self._bag.ledger,
            witness=witness,
        )


class CountDialog(ActDialog):
    """Count a store or a bag. At the end of a trip (`back`) everything goes into a store again."""

    def __init__(
        self,
        context: AppContext,
        view: Overview,
        ledger: LedgerView,
        *,
        back: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, view, "", "", parent)
        title = self.tr("Tell inn {ledger}") if back else self.tr("Tell {ledger}")
        title = title.format(ledger=ledger.title[0].lower() + ledger.title[1:])
        if not ledger.own_bag:
            title = self.tr("Tell {ledger}").format(ledger=ledger.title)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Før inn") if back else self.tr("Lagre tellingen"))
        self._ledger = ledger
        self.store = self._stores(self.tr("Tilbake til skap")) if back else None
        self.rows: list[CountRow] = []
        for balance in ledger.items:
            label = f"{item_text(balance.item)} ({unit_word(balance.item.unit)})"
            row = CountRow(balance, label, self)
            self.rows.append(row)
            self._add(row)
        self._end()
        (self.rows[0].editor if self.rows else self.confirm_button).setFocus()

    def act(self, witness: CoSignature | None) -> Done:
        session = self._context.session
        filled = [row for row in self.rows if self.store is not None or row.editor.text().strip()]
        counted = [(row.item, row.units) for row in filled]
        if self.store is not None:
            return register_acts.count_in(
                session, self._ledger.ledger, _chosen(self.store), counted, witness=witness
            )
        return register_acts.count_all(session, self._ledger.ledger, counted, witness=witness)


class AmountDialog(ActDialog):
    """Something came back from a patient (`waste` False), or was destroyed."""

    def __init__(
        self,
        context: AppContext,
        view: Overview,
        ledger: LedgerView,
        *,
        waste: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, view, "", "", parent)
        title = self.tr("Kassert") if waste else self.tr("Levert tilbake fra pasient")
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Før ut") if waste else self.tr("Før inn"))
        self._ledger, self._waste = ledger, waste
        held = [balance.item for balance in ledger.items]
        keys = {item.key for item in held}
        more = () if waste else tuple(item for item in view.items if item.key not in keys)
        self._items = (*held, *more)
        self.product = self._combo(
            self.tr("Preparat"),
            [
                (number, f"{item_text(item)} ({unit_word(item.unit)})")
                for number, item in enumerate(self._items)
            ],
            "registerItem",
        )
        if len(self._items) > 1:
            self.product.setCurrentIndex(-1)
        self.units = self._line(self.tr("Mengde"), name="registerUnits")
        self.reason = self._line(
            self.tr("Årsak"),
            self.tr("Hva som skjedde, uten navn på pasienten."),
            name="registerReason",
        )
        self._end()
        (self.product if len(self._items) > 1 else self.units).setFocus()

    def act(self, witness: CoSignature | None) -> Done:
        number = self.product.currentData()
        if number is None:
            raise SupplyError("product_missing")
        write = register_acts.waste if self._waste else register_acts.take_in
        return write(
            self._context.session,
            self._ledger.ledger,
            self._items[int(number)],
            read_amount(self.units.text()),
            self.reason.text(),
            witness=witness,
        )


class ExplainDialog(ActDialog):
    """Why a count did not fit. The lines then say what was counted; nothing is erased."""

    def __init__(
        self,
        context: AppContext,
        view: Overview,
        difference: Difference,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, view, "", "", parent)
        self.setWindowTitle(self.tr("Forklar differansen"))
        self.title.setText(self.tr("Forklar differansen"))
        self.confirm_button.say(self.tr("Lagre forklaringen"))
        self._difference = difference
        told = told_text(difference.open, difference.count.unit)
        self._add(
            Text(f"{item_text(difference.count.item)}: {told.text}", "strong", self),
            Text(self.tr("Tellingen blir stående. Meld avvik når noe er borte."), "muted", self),
        )
        self.reason = self._line(
            self.tr("Forklaring"),
            self.tr("Hva undersøkelsen viste, uten navn på pasienten."),
            name="registerReason",
        )
        self._end()
        self.reason.setFocus()

    def act(self, witness: CoSignature | None) -> Done:
        return register_acts.explain(
            self._context.session,
            self._difference.count.id,
            self.reason.text(),
            witness=witness,
        )


class ReverseDialog(ActDialog):
    """Take back one's own line that was written by mistake."""

    def __init__(self, context: AppContext, view: Overview, parent: QWidget | None = None) -> None:
        super().__init__(context, view, "", "", parent)
        self.setWindowTitle(self.tr("Rett en linje"))
        self.title.setText(self.tr("Rett en linje"))
        self.confirm_button.say(self.tr("Ta linjen tilbake"))
        lines: Sequence[SupplyMovement] = register_view.own_lines(context.session)
        self.line = self._combo(
            self.tr("Din linje"),
            [(line.id, line_text(line, view)) for line in lines],
            "registerLine",
        )
        self.line.setCurrentIndex(-1)
        self.line.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.reason = self._line(self.tr("Årsak"), name="registerReason")
        self._add(
            Text(
                self.tr("Linjen blir stående, og en motsatt linje føres ved siden av."),
                "muted",
                self,
            )
        )
        self._end()
        self.line.setFocus()

    def act(self, witness: CoSignature | None) -> Done:
        return register_acts.reverse(
            self._context.session, _chosen(self.line), self.reason.text(), witness=witness
        )


__all__ = [
    "ActDialog",
    "AmountDialog",
    "CountDialog",
    "ExplainDialog",
    "PackDialog",
    "ReceiveDialog",
    "ReverseDialog",
]
