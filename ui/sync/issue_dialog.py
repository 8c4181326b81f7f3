"""A safety item: what the server found, and the answer of somebody who did not cause it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fieldapp.clock import OSLO
from fieldapp.domain.issues import IssueError
from fieldapp.errors import FieldAppError
from fieldapp.services import issues
from fieldapp.services.issues import EvidenceView, IssueView
from ui.context import AppContext
from ui.errors import sentence, sentence_for
from ui.sync.state import age
from ui.widgets import Dialog, Divider, FormField, Row, RowTag, Statements, Text
from ui.words import day_text, dose_text, near_day, word

translate = QCoreApplication.translate

_TITLES: dict[str, object] = {
    "double_handout": QT_TRANSLATE_NOOP("issues", "Samme dose kan være gitt to ganger"),
}
_ADVICE: dict[str, object] = {
    "double_handout": QT_TRANSLATE_NOOP(
        "issues",
        "To maskiner har ført samme dose som gitt. Finn ut hva pasienten faktisk har fått, se til "
        "pasienten, og ring lege ved tvil. Skriv hva du fant og gjorde. Er en av dem feilført, tas "
        "den tilbake på medisinsiden av den som førte den.",
    ),
}
_OTHER_TITLE = QT_TRANSLATE_NOOP("issues", "Noe ved pasienten må sees på")
_OTHER_ADVICE = QT_TRANSLATE_NOOP(
    "issues", "Se på saken sammen med en kollega, og skriv hva dere fant og gjorde."
)


def issue_title(code: str) -> str:
    """What a safety item is about, in one line."""
    return translate("issues", str(_TITLES.get(code, _OTHER_TITLE)))


def issue_row(shown: IssueView, now: datetime) -> Row:
    """One open safety item for a list."""
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
        facts.set_rows([evidence_row(evidence) for evidence in shown.evidence])
        self.body.addWidget(facts)
        self.body.addWidget(Divider(self))
        advice = translate("issues", str(_ADVICE.get(issue.code, _OTHER_ADVICE)))
        self.body.addWidget(Text(advice, "", self))
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
                "Du førte en av dem, så en kollega må svare. Saken blir stående til det er gjort."
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
