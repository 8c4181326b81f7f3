"""Which questionnaire: what each is, where it comes from, what was begun, and what it showed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.notes import Draft
from fieldapp.domain.observations import ScreeningResponse
from fieldapp.domain.screening.flow import AnswerError
from fieldapp.domain.screening.instruments import Instrument
from ui.screening.question import grow_with_width
from ui.screening.state import form_of
from ui.screening.words import band_label, level_tone, progress_text, total_words
from ui.sources import SourceList
from ui.widgets import (
    Banner,
    Card,
    Columns,
    FlowLayout,
    PrimaryButton,
    Row,
    RowList,
    RowTag,
    SecondaryButton,
    Tag,
    Text,
    clear,
)
from ui.words import clock_text, day_text, near_day


class ChooseView(QWidget):
    """Signals:
    begin_asked(str): start this instrument.
    resume_asked(str), discard_asked(str): what to do with an unfinished draft.
    result_chosen(str): show this earlier result.
    """

    begin_asked = Signal(str)
    resume_asked = Signal(str)
    discard_asked = Signal(str)
    result_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        self._drafts = QVBoxLayout()
        self._drafts.setSpacing(8)
        column.addLayout(self._drafts)
        self._columns = Columns(self, shares=(1, 1))
        column.addWidget(self._columns)
        self._earlier = Card(self.tr("Tidligere resultater"), self)
        self._results = RowList(self.tr("Tidligere resultater"), self._earlier)
        self._results.setObjectName("screeningResults")
        self._results.activated_id.connect(self.result_chosen)
        self._none = Text(self.tr("Ingen tidligere resultater."), "muted", self._earlier)
        self._earlier.body.addWidget(self._results)
        self._earlier.body.addWidget(self._none)
        column.addWidget(self._earlier)
        self._shown: tuple[object, ...] = ()
        self._starts: dict[str, PrimaryButton] = {}
        self._resumes: dict[str, PrimaryButton] = {}

    def show_all(
        self,
        instruments: Sequence[Instrument],
        unfinished: Sequence[Draft],
        history: Sequence[ScreeningResponse],
        today: date,
    ) -> None:
        by_id = {instrument.id: instrument for instrument in instruments}
        shown = (tuple(instruments), tuple(unfinished), today)
        if shown != self._shown:
            # Only then: building again takes the focus from whoever is about to press.
            self._shown = shown
            self._show_drafts(by_id, unfinished, today)
            begun = {str(draft.body.get("instrument")) for draft in unfinished}
            self._show_instruments(instruments, begun)
        rows = [_row(response, by_id) for response in history]
        self._results.set_rows(rows)
        self._results.fit_height(most=8)
        self._results.setVisible(bool(rows))
        self._none.setVisible(not rows)

    def focus_start(self, instrument_id: str | None) -> None:
        """Put the focus on what was begun, else on the instrument asked for, else on the first."""
        resumes, starts = self._resumes, self._starts
        target = resumes.get(instrument_id or "") or next(iter(resumes.values()), None)
        target = target or starts.get(instrument_id or "") or next(iter(starts.values()), None)
        if target is not None:
            target.setFocus()

    def _show_drafts(
        self, instruments: dict[str, Instrument], unfinished: Sequence[Draft], today: date
    ) -> None:
        clear(self._drafts)
        self._resumes = {}
        for draft in unfinished:
            instrument_id = str(draft.body.get("instrument"))
            instrument = instruments.get(instrument_id)
            banner = Banner(_draft_text(draft, instrument, today), "warn", self)
            resume = PrimaryButton(self.tr("Fortsett"), banner, name="screeningResume")
            resume.clicked.connect(lambda _=False, key=draft.id: self.resume_asked.emit(key))
            discard = SecondaryButton(self.tr("Forkast"), banner, name="screeningDiscard")
            discard.clicked.connect(lambda _=False, key=draft.id: self.discard_asked.emit(key))
            if instrument is not None:
                banner.add_button(resume)
                self._resumes.setdefault(instrument_id, resume)
            banner.add_button(discard)
            self._drafts.addWidget(banner)

    def _show_instruments(self, instruments: Sequence[Instrument], begun: set[str]) -> None:
        clear(self._columns.left)
        clear(self._columns.right)
        self._starts = {}
        for number, instrument in enumerate(instruments):
            column = self._columns.right if number % 2 else self._columns.left
            column.addWidget(self._instrument_card(instrument, instrument.id in begun))

    def _instrument_card(self, instrument: Instrument, begun: bool) -> Card:
        card = Card(instrument.title, self)
        questions = self.tr("{count} spørsmål").format(count=len(instrument.items))
        card.head.addWidget(Tag(questions, "accent", card))
        card.body.addWidget(Text(instrument.introduction, "", card))
        card.body.addWidget(Text(instrument.look_back, "muted", card))
        wording = QWidget(card)
        flow = FlowLayout(wording, 8)
        if instrument.official_text:
            flow.addWidget(Tag(self.tr("Lisensiert ordlyd"), "ok", wording))
        else:
            flow.addWidget(Tag(self.tr("Egne korttekster"), "warn", wording))
            flow.addWidget(Tag(self.tr("Ikke offisiell ordlyd"), "warn", wording))
        grow_with_width(wording)
        card.body.addWidget(wording)
        card.body.addWidget(
            Text(self.tr("Rettigheter: {text}").format(text=instrument.licence), "small", card)
        )
        card.body.addWidget(
            Text(self.tr("Tekst: {text}").format(text=instrument.text_source), "small", card)
        )
        sources = SourceList(card)
        sources.show_sources([instrument.source])
        card.body.addWidget(sources)
        card.body.addStretch(1)
        words = self.tr("Start ny {title}") if begun else self.tr("Start {title}")
        start = PrimaryButton(
            words.format(title=instrument.title),
            card,
            icon="play",
            name=f"startInstrument_{instrument.id}",
        )
        start.clicked.connect(lambda: self.begin_asked.emit(instrument.id))
        self._starts[instrument.id] = start
        holder = QWidget(card)
        FlowLayout(holder, 8).addWidget(start)
        grow_with_width(holder)
        card.body.addWidget(holder)
        return card


def _draft_text(draft: Draft, instrument: Instrument | None, today: date) -> str:
    when = near_day(draft.saved_at.astimezone(OSLO).date(), today)
    said = QCoreApplication.translate(
        "screening", "{title} er påbegynt, sist lagret {when} kl. {time}"
    ).format(
        title=instrument.title if instrument is not None else str(draft.body.get("instrument")),
        when=when,
        time=clock_text(draft.saved_at),
    )
    if instrument is None:
        return said
    try:
        return f"{said} · {progress_text(form_of(instrument, draft))}"
    except AnswerError:
        # Begun with another version of the definition; opening it says so.
        return said


def _row(response: ScreeningResponse, instruments: dict[str, Instrument]) -> Row:
    instrument = instruments.get(response.instrument)
    title = instrument.title if instrument is not None else response.instrument
    day = day_text(response.authored_at.astimezone(OSLO).date())
    figure = total_words(response.total, response.lowest, response.highest)
    tags: tuple[RowTag, ...] = ()
    if instrument is not None and response.band is not None:
        tone = level_tone(instrument, response.band)
        tags = (RowTag(band_label(instrument, response.band), tone),)
    return Row(response.id, f"{title}: {figure}", day, "clipboard-check", "accent", tags)
