"""A safety item: what the server found, and the answer of somebody who did not cause it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.issues import IssueError
from fieldapp.errors import FieldAppError
from fieldapp.services import issues
from fieldapp.services.issues import EvidenceView, HolderView, IssueView, ReportView
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.sync.state import age
from ui.widgets import Dialog, Divider, FormField, Row, RowTag, Statements, Text
from ui.words import day_text, dose_text, near_day, word

translate = QCoreApplication.translate

_TITLES: dict[str, object] = {
    "double_handout": QT_TRANSLATE_NOOP("issues", "Samme dose kan være gitt to ganger"),
    "forced": QT_TRANSLATE_NOOP("issues", "Nødutdeling"),
    "interval": QT_TRANSLATE_NOOP("issues", "To doser kan være gitt for tett"),
    "superseded_order": QT_TRANSLATE_NOOP("issues", "Gitt etter en ordinasjon som ikke gjaldt"),
    "unclaimed": QT_TRANSLATE_NOOP("issues", "Gitt på en dag som en annen hadde"),
    "retrospective_collision": QT_TRANSLATE_NOOP(
        "issues", "Ført i etterkant på en dag som en annen har"
    ),
    "claim_conflict": QT_TRANSLATE_NOOP("issues", "To maskiner har samme dag"),
}
_ADVICE: dict[str, object] = {
    "double_handout": QT_TRANSLATE_NOOP(
        "issues",
        "Den samme dagen er ført som gitt to ganger. Finn ut hva pasienten faktisk har fått, se "
        "til pasienten, og ring lege ved tvil. Skriv hva du fant og gjorde. Er en av dem feilført, "
        "foreslås det for teamleder på medisinsiden.",
    ),
    "forced": QT_TRANSLATE_NOOP(
        "issues",
        "Dosen er gitt selv om lyset ikke var grønt. Gå gjennom hvorfor, og hva den andre som "
        "hadde dagen, har gitt. Se til pasienten ved tvil, og ring lege. Skriv hva du fant.",
    ),
    "interval": QT_TRANSLATE_NOOP(
        "issues",
        "Det gikk kortere tid mellom dosene enn minstetiden. Se til pasienten, og ring lege ved "
        "tvil. Skriv hva du fant og gjorde.",
    ),
    "superseded_order": QT_TRANSLATE_NOOP(
        "issues",
        "Ordinasjonen var endret, satt på vent eller stanset da dosen ble gitt. Sjekk hva som "
        "gjaldt, og si fra til rekvirenten. Skriv hva dere ble enige om.",
    ),
    "unclaimed": QT_TRANSLATE_NOOP(
        "issues",
        "Dosen er gitt uten nødutdeling på en dag som en annen maskin hadde. Ring den som har "
        "dagen, og sørg for at det ikke gis en gang til. Skriv hva dere fant.",
    ),
    "retrospective_collision": QT_TRANSLATE_NOOP(
        "issues",
        "Noe som alt har skjedd, er ført på en dag som en annen maskin har og kan gi på. Ring den "
        "som har dagen, og sørg for at det ikke gis en gang til. Skriv hva dere fant.",
    ),
    "claim_conflict": QT_TRANSLATE_NOOP(
        "issues",
        "Etter at serveren ble satt tilbake, sier to maskiner at de har samme dag. Ring begge, og "
        "bli enige om hvem som gir. Skriv hva dere ble enige om.",
    ),
}
_OTHER_TITLE = QT_TRANSLATE_NOOP("issues", "Noe ved pasienten må sees på")
_OTHER_ADVICE = QT_TRANSLATE_NOOP(
    "issues", "Se på saken sammen med en kollega, og skriv hva dere fant og gjorde."
)


def issue_advice(code: str) -> str:
    """What to do about a safety item, in a few sentences."""
    return translate("issues", str(_ADVICE.get(code, _OTHER_ADVICE)))


def issue_title(code: str) -> str:
    """What a safety item is about, in one line."""
    return translate("issues", str(_TITLES.get(code, _OTHER_TITLE)))


def issue_row(shown: IssueView, now: datetime) -> Row:
    """One open safety item for a list."""
    since = translate("issues", "funnet akkurat nå")
    if now - shown.issue.raised_at >= timedelta(minutes=1):
        since = translate("issues", "funnet for {age} siden").format(
            age=age(shown.issue.raised_at, now)
        )
    tag = RowTag(translate("issues", "Må sees på"), "danger", "shield-alert")
    if not shown.may_answer:
        tag = RowTag(translate("issues", "Kollega må svare"), "warn", "shield-alert")
    return Row(
        id=shown.issue.id,
        title=shown.patient_name,
        detail=f"{issue_title(shown.issue.code)} · {since}",
        icon="shield-alert",
        icon_tone="danger",
        tags=(tag,),
    )


def evidence_row(evidence: EvidenceView) -> Row:
    """One handout in words: medicine and dose, who and when."""
    event = evidence.event
    parts = [evidence.product]
    if event.dose_mg is not None:
        parts.append(dose_text(event.dose_mg, event.dose_ml))
    given = f"{event.given_at.astimezone(OSLO):%H:%M}"
    if event.forced is not None:
        parts.append(translate("issues", "nødutdeling"))
    if event.retrospective:
        parts.append(translate("issues", "ført i etterkant"))
    return Row(
        id=event.id,
        title=" · ".join(part for part in (*parts, word(event.status).lower()) if part),
        detail=translate("issues", "{day} kl. {clock} · ført av {who}").format(
            day=day_text(event.given_at.astimezone(OSLO).date()),
            clock=given,
            who=evidence.author_name or translate("issues", "en kollega"),
        ),
        icon="pill",
        icon_tone="danger",
    )


def report_row(view: ReportView) -> Row:
    """A word of the pharmacy that collides with a dose."""
    report = view.report
    said = translate("issues", "Apoteket: hentet for {day}")
    if not report.collected:
        said = translate("issues", "Apoteket: ikke hentet for {day}")
    return Row(
        id=report.id,
        title=said.format(day=day_text(report.day)),
        detail=translate("issues", "sagt av {who} · ført av {author}").format(
            who=report.told_by, author=view.author_name or translate("issues", "en kollega")
        ),
        icon="pill",
        icon_tone="danger",
    )


def force_text(view: EvidenceView) -> str:
    """Why a dose was forced, who was rung and who of the prescribers said so; "" without force."""
    force = view.event.forced
    if force is None:
        return ""
    parts = [translate("issues", "Grunn: {why}").format(why=force.reason_text or view.force_reason)]
    if force.holder_called is not None:
        called = (
            translate("issues", "ringte {who}, fikk svar")
            if force.holder_answered
            else (translate("issues", "ringte {who}, fikk ikke svar"))
        )
        if not force.holder_called:
            called = translate("issues", "ringte ikke {who}")
        who = view.holder_name or translate("issues", "den som hadde dagen")
        parts.append(called.format(who=who))
    if force.holder_answer:
        parts.append(force.holder_answer)
    if force.prescriber:
        said = translate("issues", "etter beskjed fra {who}")
        parts.append(said.format(who=force.prescriber))
    return ". ".join(part[:1].upper() + part[1:] for part in parts if part)


def holder_text(held: HolderView) -> str:
    """Who holds the day that an item is about, with the number to ring."""
    words = translate("issues", "{who} har dagen {unit}").format(
        who=held.name or translate("issues", "En kollega"), unit=unit_text(held.unit)
    )
    if held.phone:
        words = translate("issues", "{what}, tlf. {phone}").format(what=words, phone=held.phone)
    return words


def unit_text(unit: str) -> str:
    """A claim's unit in words: a day, or a numbered injection."""
    if unit.startswith("#"):
        return translate("issues", "(injeksjon nr. {number})").format(number=unit[1:])
    try:
        return day_text(date.fromisoformat(unit))
    except ValueError:
        return unit


class IssueDialog(Dialog):
    """Attributes: `text`, where the answer is written. Announces the change set when answered."""

    WIDTH = 640

    def __init__(
        self, context: AppContext, shown: IssueView, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        issue = shown.issue
        title = issue_title(issue.code)
        self.setWindowTitle(title)
        self.title.setText(title)
        self.confirm_button.say(self.tr("Lagre svaret · Ctrl+Enter"))
        self.cancel_button.say(self.tr("Lukk"))
        self._context = context
        self._issue_id = issue.id
        raised = issue.raised_at.astimezone(OSLO)
        found = self.tr("Funnet {day} kl. {clock}").format(
            day=near_day(raised.date(), context.session.today()), clock=f"{raised:%H:%M}"
        )
        self.body.addWidget(Text(f"{shown.patient_name} · {found}", "strong", self))
        facts = Statements(self.tr("Det saken gjelder"), self)
        facts.set_rows(
            [
                *(evidence_row(evidence) for evidence in shown.evidence),
                *(report_row(report) for report in shown.reports),
            ]
        )
        self.body.addWidget(facts)
        for evidence in shown.evidence:
            if evidence.event.forced is not None:
                self.body.addWidget(Text(force_text(evidence), "warn", self))
        self.body.addWidget(Divider(self))
        for held in shown.holders:
            self.body.addWidget(Text(holder_text(held), "warn", self))
        self.body.addWidget(Text(issue_advice(issue.code), "", self))
        self.text = QPlainTextEdit(self)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("Hva fant og gjorde du?"))
        self.text.setMinimumHeight(self.fontMetrics().lineSpacing() * 5)
        field = FormField(self.tr("Hva fant og gjorde du?"), self.text, parent=self)
        self.body.addWidget(field)
        self.body.addStretch(1)
        if not shown.may_answer:
            field.hide()
            self.confirm_button.hide()
            waits = self.tr(
                "Du var med på dette, så en kollega må svare. Saken blir stående til det er gjort."
            )
            self.body.insertWidget(self.body.count() - 1, Text(waits, "warn", self))
            self.cancel_button.setFocus()
        else:
            self.text.setFocus()

    def check(self) -> str:
        words = self.text.toPlainText()
        if not words.strip():
            self.text.setFocus()
            return self.tr("Skriv hva du fant og gjorde. Saken står åpen til det er svart.")
        try:
            changes = issues.answer(self._context.session, self._issue_id, words)
        except IssueError as error:
            return sentence(error.code)
        except FieldAppError as error:
            return sentence_for(error)
        self._context.changes.announce(changes)
        return ""
