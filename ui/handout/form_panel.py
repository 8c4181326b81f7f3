"""The form under the active dose: who it is, how he is, and what was done.

One instance moves from card to card, so that there is always just one of each control.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from fieldapp.domain.medication import (
    HandoutStatus,
    IdentityCheck,
    ObservedState,
    OtherDose,
    Part,
)
from fieldapp.domain.reference import HandoutReference
from ui.handout.depot_panel import DepotPanel
from ui.handout.depot_state import DepotView
from ui.handout.form_state import (
    Ask,
    HandoutForm,
    as_recorded,
    home_parts_words,
    not_accounted_words,
    short_day,
    witness_wanted_words,
)
from ui.handout.parts import LabelledRow, Option, choices, grow_with_width, offer
from ui.handout.question_part import QuestionPart
from ui.widgets import (
    Banner,
    ChoiceRow,
    FlowLayout,
    FormField,
    PrimaryButton,
    SecondaryButton,
    Text,
)
from ui.words import word

IDENTITY_KEYS = {
    "K": IdentityCheck.KNOWN,
    "L": IdentityCheck.DOCUMENT,
    "B": IdentityCheck.PHOTO,
}
STATE_KEYS = {
    "U": ObservedState.UNAFFECTED,
    "M": ObservedState.POSSIBLY_AFFECTED,
    "R": ObservedState.INTOXICATED,
    "S": ObservedState.SEDATED,
}
OTHER_KEYS = {"E": OtherDose.NO, "J": OtherDose.YES, "V": OtherDose.UNKNOWN}
SEEN_KEYS = {"P": True, "O": False}
MOUTH_KEYS = {"Y": True, "W": False}
DISSOLVE_KEY = "D"
OUTCOME_KEYS = {
    "G": HandoutStatus.GIVEN,
    "I": HandoutStatus.NOT_MET,
    "T": HandoutStatus.REFUSED,
    "H": HandoutStatus.WITHHELD,
}
_STATE_NAMES = {
    ObservedState.UNAFFECTED: "stateUnaffected",
    ObservedState.POSSIBLY_AFFECTED: "statePossiblyAffected",
    ObservedState.INTOXICATED: "stateIntoxicated",
    ObservedState.SEDATED: "stateSedated",
}
_OUTCOME_NAMES = {
    HandoutStatus.GIVEN: "given",
    HandoutStatus.WITHHELD: "withheld",
    HandoutStatus.REFUSED: "refused",
    HandoutStatus.NOT_MET: "notMet",
}


class FormPanel(QWidget):
    """Shows a HandoutForm and says what the giver chooses.

    Signals:
        said(str, object): a field of the form and what was chosen for it.
        typed(str, str): a field and its words; the form is not rendered for it.
        dissolve_pressed(): the tablet was laid under the tongue, or has dissolved.
        witness_asked(): the second person's dialog.
        pressed(object): one of the four outcomes, a HandoutStatus.
    """

    said = Signal(str, object)
    typed = Signal(str, str)
    dissolve_pressed = Signal()
    witness_asked = Signal()
    pressed = Signal(object)

    def __init__(self, reference: HandoutReference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reference = reference
        self._home_offered: tuple[object, ...] = ()
        self._home_parts_offered: tuple[Part, ...] = ()
        self._ledgers_offered: tuple[tuple[str, str], ...] = ()
        self._past_ledgers_offered: list[Option] = []
        self._shown_id = ""
        self._form: HandoutForm | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(10)
        self._act = QWidget(self)
        self._act_end = QWidget(self)
        self._depot = DepotPanel(self)
        self._act_part()
        self.question = QuestionPart(reference, self)
        column.addWidget(self._act)
        column.addWidget(self._depot)  # also beside the question about an injection of the past
        column.addWidget(self._act_end)
        # What has already happened may have come from a bag, too.
        self._past_ledger = choices(self.tr("Tatt fra vesken"), [], self)
        self._past_ledger.chosen.connect(lambda key: self.said.emit("ledger_id", key or None))
        self._past_ledger_row = LabelledRow(self.tr("Tatt fra vesken"), self._past_ledger, self)
        column.addWidget(self._past_ledger_row)
        column.addWidget(self.question)
        # Beside the buttons in both parts, so that what is missing is read where one pressed.
        self.problem_line = Text(parent=self, role="error")
        self.problem_line.setObjectName("handoutProblem")
        column.addWidget(self.problem_line)

    def show_form(
        self,
        form: HandoutForm,
        *,
        can_give: bool,
        depot: DepotView | None,
        witness: str,
        elapsed: str,
    ) -> None:
        """Render a form. Words being typed are left alone.

        `witness` is the second person in words; `elapsed`
        how long the tablet has lain.
        """
        asking = form.ask is not None
        new, self._shown_id, self._form = form.id != self._shown_id, form.id, form
        self._act.setVisible(not asking)
        self._act_end.setVisible(not asking)
        self.question.setVisible(asking)
        self._identity.choose(form.identity)
        self._observed.choose(form.observed)
        self._other.choose(form.other_dose)
        self._seen.choose(form.seen)
        self._show_advice(form)
        self._show_other(form, new=new)
        self._seen_row.setVisible(not form.needs.injection)
        self._show_dissolve(form, elapsed, new=new)
        self._show_home(form, new=new)
        self._show_ledgers(form)
        injects = form.ask in (None, Ask.PAST)
        self._depot.show_view(depot if injects else None, form.injection, new=new)
        self._witness_said.setText(witness)
        self._witness_said.setVisible(bool(witness))
        for line, words in (
            (self._not_accounted, not_accounted_words(form)),
            (self._witness_wanted, witness_wanted_words(form)),
        ):
            line.setText(words)
            line.setVisible(bool(words) and can_give)
        for status, button in self._outcomes.items():
            button.setVisible(can_give or status is not HandoutStatus.GIVEN)
        self._says.setText(as_recorded(form))
        self._says.setVisible(can_give)
        self.question.show_form(form)
        self.problem_line.setText(form.problem)
        self.problem_line.setVisible(bool(form.problem))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Words beside a button stand on its middle.
        for words in (self._elapsed, self._witness_said):
            words.setMinimumHeight(self._witness_button.sizeHint().height())
        super().resizeEvent(event)

    def show_elapsed(self, words: str) -> None:
        """The time under the tongue goes on."""
        self._elapsed.setText(words)

    def focus_first(self) -> None:
        """Put the focus on the first thing to say."""
        self._identity.buttons()[0].setFocus()

    def focus_missing(self, code: str) -> None:
        """Put the focus on the first thing that is still missing."""
        place: dict[str, QWidget] = {
            "identity": self._identity.buttons()[0],
            "state": self._observed.buttons()[0],
            "other_text": self._other_text,
            "dissolve": self._dissolve_button,
            "mouth": self._mouth.buttons()[0],
            "bottles": self._bottles,
            "empties": self._empties,
        }
        if code == "home_today" and self._home_today.buttons():
            self._home_today.buttons()[0].setFocus()
        elif code == "home_count" and self._home.buttons():
            self._home.buttons()[0].setFocus()
        elif code == "ledger" and self._ledger.buttons():
            self._ledger.buttons()[0].setFocus()
        elif code in place:
            place[code].setFocus()
        else:
            self._depot.focus_missing(code)

    # --- what is said before the act

    def _act_part(self) -> None:
        holder, end = self._act, self._act_end
        column, end_column = QVBoxLayout(holder), QVBoxLayout(end)
        for part in (column, end_column):
            part.setContentsMargins(0, 0, 0, 0)
            part.setSpacing(8)
        self._identity = self._row(
            self.tr("Identitet"),
            "identity",
            [
                (IdentityCheck.KNOWN, "K", self.tr("Kjent fra før"), "identityKnown"),
                (IdentityCheck.DOCUMENT, "L", self.tr("Legitimasjon"), "identityDocument"),
                (IdentityCheck.PHOTO, "B", self.tr("Bilde"), "identityPhoto"),
            ],
        )
        keys = {state: key for key, state in STATE_KEYS.items()}
        self._observed = self._row(
            self.tr("Tilstand"),
            "observed",
            [
                (advice.state, keys[advice.state], advice.text, _STATE_NAMES[advice.state])
                for advice in self._reference.states
            ],
        )
        self._other = self._row(
            self.tr("Annen dose siste døgn?"),
            "other_dose",
            [
                (OtherDose.NO, "E", self.tr("Nei"), "otherNo"),
                (OtherDose.YES, "J", self.tr("Ja"), "otherYes"),
                (OtherDose.UNKNOWN, "V", self.tr("Vet ikke"), "otherUnknown"),
            ],
        )
        self._seen = self._row(
            self.tr("Inntak"),
            "seen",
            [
                (True, "P", self.tr("Jeg så det"), "witnessedYes"),
                (False, "O", self.tr("Ikke sett"), "witnessedNo"),
            ],
        )
        self._advice = Banner("", "warn", holder)
        self._other_advice = Banner("", "warn", holder)
        self._other_text = self._field(
            "other_text", "otherText", self.tr("Hva, hvor mye og når? Fra hvem?")
        )
        self._seen_row = LabelledRow(self.tr("Inntak"), self._seen, holder)
        self._depot.said.connect(lambda name, value: self.said.emit(f"injection.{name}", value))
        self._depot.typed.connect(lambda name, text: self.typed.emit(f"injection.{name}", text))
        for widget in (
            LabelledRow(self.tr("Identitet"), self._identity, holder),
            LabelledRow(self.tr("Tilstand"), self._observed, holder),
            self._advice,
            LabelledRow(self.tr("Annen dose siste døgn?"), self._other, holder),
            self._other_text,
            self._other_advice,
            self._seen_row,
            self._dissolve_part(holder),
        ):
            column.addWidget(widget)
        self._says = Text(parent=end, role="muted")
        self._says.setObjectName("asRecorded")
        self._not_accounted = Text(parent=end, role="muted")
        self._not_accounted.setObjectName("notAccounted")
        self._witness_wanted = Text(parent=end, role="muted")
        self._witness_wanted.setObjectName("witnessWanted")
        for widget in (
            self._home_part(end),
            self._ledger_part(end),
            self._not_accounted,
            self._witness_part(end),
            self._witness_wanted,
            self._says,
            self._outcome_row(end),
        ):
            end_column.addWidget(widget)

    def _row(
        self, label: str, field: str, options: list[tuple[object, str, str, str]]
    ) -> ChoiceRow:
        row = choices(label, options, self)
        row.chosen.connect(lambda value: self.said.emit(field, value))
        return row

    def _field(self, field: str, name: str, placeholder: str, label: str = "") -> QLineEdit:
        editor = QLineEdit(self)
        editor.setObjectName(name)
        editor.setPlaceholderText(placeholder)
        editor.setAccessibleName(label or placeholder)
        editor.textEdited.connect(lambda text: self.typed.emit(field, text))
        # Enter is "done here": the single keys work again.
        editor.returnPressed.connect(self._leave_field)
        return editor

    def _leave_field(self) -> None:
        visible = [button for button in self._outcomes.values() if button.isVisible()]
        if visible:
            visible[0].setFocus()

    def _show_advice(self, form: HandoutForm) -> None:
        advice = next(
            (entry for entry in self._reference.states if entry.state is form.observed), None
        )
        speaks = advice is not None and advice.state is not ObservedState.UNAFFECTED
        grave = advice is not None and advice.advises_against
        self._advice.say(
            f"{advice.advice}." if advice is not None and speaks else "",
            "danger" if grave else "warn",
        )

    def _show_other(self, form: HandoutForm, *, new: bool) -> None:
        yes = form.other_dose is OtherDose.YES
        if new:
            self._other_text.setText(form.other_text)
        opens = yes and self._other_text.isHidden()
        self._other_text.setVisible(yes)
        if opens and not new:
            self._other_text.setFocus()
        self._other_advice.say(
            self.tr("Annen dose siste døgn: ring rekvirenten før du gir noe.") if yes else "",
            "danger",
        )

    # --- a tablet under the tongue

    def _dissolve_part(self, parent: QWidget) -> QWidget:
        holder = QWidget(parent)
        flow = FlowLayout(holder, 8)
        grow_with_width(holder)
        self._dissolve_button = SecondaryButton("", holder, icon="clock", name="dissolve")
        self._dissolve_button.clicked.connect(self.dissolve_pressed)
        self._dissolve_text = self._field(
            "dissolve_text", "dissolveMinutes", self.tr("minutter"), self.tr("Minutter til oppløst")
        )
        self._dissolve_text.setMaximumWidth(140)
        self._elapsed = Text(parent=holder, role="strong", wrap=False)
        flow.addWidget(self._dissolve_button)
        flow.addWidget(self._dissolve_text)
        flow.addWidget(self._elapsed)
        self._mouth = self._row(
            self.tr("Munn sjekket"),
            "mouth_checked",
            [
                (True, "Y", self.tr("Ja, tom"), "mouthYes"),
                (False, "W", self.tr("Ikke sjekket"), "mouthNo"),
            ],
        )
        outer = QWidget(parent)
        column = QVBoxLayout(outer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._dissolve_note = Text(parent=outer, role="small")
        column.addWidget(LabelledRow(self.tr("Oppløst etter"), holder, outer))
        column.addWidget(LabelledRow(self.tr("Munn sjekket"), self._mouth, outer))
        column.addWidget(self._dissolve_note)
        self._dissolve = outer
        return outer

    def say_dissolve_source(self, words: str) -> None:
        """How long it is watched at least, with where that figure comes from."""
        self._dissolve_note.setText(words)

    def _show_dissolve(self, form: HandoutForm, elapsed: str, *, new: bool) -> None:
        self._dissolve.setVisible(form.needs.dissolves is not None and form.seen is not False)
        if new or form.dissolve_text != self._dissolve_text.text():
            self._dissolve_text.setText(form.dissolve_text)
        running = form.dissolve_began is not None and not form.dissolve_text
        self._dissolve_button.say(
            self.tr("Oppløst nå  {key}").format(key=DISSOLVE_KEY)
            if running
            else self.tr("Start tiden  {key}").format(key=DISSOLVE_KEY)
        )
        self._elapsed.setText(elapsed)
        self._mouth.choose(form.mouth_checked)

    # --- to take home

    def _home_part(self, parent: QWidget) -> QWidget:
        self._home = self._row(self.tr("Med hjem"), "home_count", [])
        counts = QWidget(parent)
        flow = FlowLayout(counts, 8)
        grow_with_width(counts)
        self._bottles = self._field(
            "bottles_text", "bottles", "", self.tr("Antall flasker eller esker som tas med")
        )
        self._empties = self._field(
            "empties_text", "empties", "", self.tr("Antall tomme som kom tilbake")
        )
        # Two bare figures side by side would say nothing once they are typed.
        for editor, words in (
            (self._bottles, self.tr("Flasker/esker med")),
            (self._empties, self.tr("Tomme tilbake")),
        ):
            field = FormField(words, editor, parent=counts)
            field.setMinimumWidth(170)
            flow.addWidget(field)
        self._home_counts = LabelledRow(self.tr("Antall"), counts, parent)
        outer = QWidget(parent)
        column = QVBoxLayout(outer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._home_today = self._row(self.tr("Resten av dagen"), "home_today", [])
        self._home_today_row = LabelledRow(self.tr("Resten av dagen"), self._home_today, outer)
        self._home_row = LabelledRow(self.tr("Med hjem"), self._home, outer)
        column.addWidget(self._home_today_row)
        column.addWidget(self._home_row)
        column.addWidget(self._home_counts)
        self._home_holder = outer
        return outer

    def _show_home_today(self, form: HandoutForm) -> None:
        parts = form.needs.home_parts
        self._home_today_row.setVisible(bool(parts))
        if parts != self._home_parts_offered:
            self._home_parts_offered = parts
            words = home_parts_words(parts)
            words = f"{words[:1].upper()}{words[1:]}"
            offer(
                self._home_today,
                [
                    (True, "", self.tr("{parts} (planlagt)").format(parts=words), "homeTodayYes"),
                    (False, "", self.tr("Gis her senere i dag"), "homeTodayNo"),
                ],
            )
        self._home_today.choose(form.home_today)

    def _show_home(self, form: HandoutForm, *, new: bool) -> None:
        days = form.needs.home_days
        self._home_holder.setVisible(bool(days or form.needs.home_parts))
        self._home_row.setVisible(bool(days))
        self._show_home_today(form)
        offered = (days, form.needs.home_planned)
        if offered != self._home_offered:
            self._home_offered = offered
            options: list[tuple[object, str, str, str]] = [(0, "", self.tr("Ingen"), "home_0")]
            for count in range(1, len(days) + 1):
                words = short_day(days[0])
                if count > 1:
                    words = f"{words}–{short_day(days[count - 1])}"
                words = self.tr("{count}: {days}").format(count=count, days=words)
                if count == form.needs.home_planned:
                    words = self.tr("{words} (planlagt)").format(words=words)
                options.append((count, "", words, f"home_{count}"))
            offer(self._home, options)
        self._home.choose(form.home_count)
        self._home_counts.setVisible(bool(form.home_slots))
        if new:
            self._bottles.setText(form.bottles_text)
            self._empties.setText(form.empties_text)

    # --- where it comes from, and who else saw it

    def _ledger_part(self, parent: QWidget) -> QWidget:
        self._ledger = self._row(self.tr("Tas fra vesken"), "ledger_id", [])
        self._ledger_row = LabelledRow(self.tr("Tas fra vesken"), self._ledger, parent)
        return self._ledger_row

    def _show_ledgers(self, form: HandoutForm) -> None:
        offered = form.needs.ledgers
        self._ledger_row.setVisible(bool(offered))
        if offered != self._ledgers_offered:
            self._ledgers_offered = offered
            offer(self._ledger, [(key, "", words, f"ledger_{key}") for key, words in offered])
        self._ledger.choose(form.ledger_id)
        asks_past = form.ask is Ask.PAST and bool(offered)
        self._past_ledger_row.setVisible(asks_past)
        if asks_past:
            options: list[Option] = [("", "", self.tr("Ikke fra vesken"), "pastLedger_none")]
            options += [(key, "", words, f"pastLedger_{key}") for key, words in offered]
            if options != self._past_ledgers_offered:
                self._past_ledgers_offered = options
                offer(self._past_ledger, options)
            self._past_ledger.choose(form.ledger_id or "")

    def _witness_part(self, parent: QWidget) -> QWidget:
        holder = QWidget(parent)
        flow = FlowLayout(holder, 12)
        grow_with_width(holder)
        self._witness_button = SecondaryButton(
            self.tr("Annen person …"), holder, icon="users-round", name="witnessAsk"
        )
        self._witness_button.clicked.connect(self.witness_asked)
        self._witness_said = Text(parent=holder, role="strong")
        self._witness_said.setObjectName("witnessSaid")
        flow.addWidget(self._witness_button)
        flow.addWidget(self._witness_said)
        return LabelledRow(self.tr("Kontroll"), holder, parent)

    # --- the act

    def _outcome_row(self, parent: QWidget) -> QWidget:
        holder = QWidget(parent)
        self._outcomes: dict[HandoutStatus, QPushButton] = {}
        flow = FlowLayout(holder, 8)
        flow.setContentsMargins(0, 2, 0, 0)
        for key, status in OUTCOME_KEYS.items():
            given = status is HandoutStatus.GIVEN
            kind = PrimaryButton if given else SecondaryButton
            button = kind(
                f"{word(status)}  {key}",
                holder,
                icon="check" if given else "",
                name=_OUTCOME_NAMES[status],
            )
            button.setAccessibleName(word(status))
            button.clicked.connect(lambda _=False, status=status: self.pressed.emit(status))
            flow.addWidget(button)
            self._outcomes[status] = button
        grow_with_width(holder)
        return holder
