"""The quiet line in an open form: a colleague has changed what it shows. The form itself stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QWidget

from fieldapp.domain.changes import ChangeSet
from fieldapp.services import newer
from fieldapp.services.newer import Names, Newer
from ui.context import AppContext
from ui.widgets import Banner
from ui.words import clock_text, field_word, kind_word

translate = QCoreApplication.translate


def newer_text(found: Sequence[Newer], clock: str) -> str:
    """One calm sentence on what came: "En kollega har endret telefon kl. 09:14. …"."""
    parts = []
    for one in found:
        if one.is_new:
            added = translate("sync", "ført {what}").format(what=kind_word(one.kind).lower())
            parts.append(added)
            continue
        words = ", ".join(field_word(field).lower() for field in one.fields)
        if one.kind != "patient":
            words = translate("sync", "{fields} under {what}").format(
                fields=words, what=kind_word(one.kind).lower()
            )
        parts.append(translate("sync", "endret {what}").format(what=words))
    listed = translate("sync", " og ").join(dict.fromkeys(parts))
    return translate(
        "sync", "En kollega har {what} kl. {clock}. Du kan se det når du er ferdig."
    ).format(what=listed, clock=clock)


class NewerLine(Banner):
    """Watches a patient's records of some kinds; hidden until a sync brings another's change."""

    def __init__(
        self, context: AppContext, kinds: Iterable[str], parent: QWidget | None = None
    ) -> None:
        super().__init__("", "accent", parent)
        self.text.setObjectName("newerLine")
        self._context = context
        self._kinds = tuple(kinds)
        self._patient_id: str | None = None
        self._only: frozenset[str] | None = None
        self._known: Names = {}
        self._found: dict[tuple[str, str], Newer] = {}
        context.changes.changed.connect(self._on_changed)

    def watch(self, patient_id: str, only: Iterable[str] | None = None) -> None:
        """Begin anew with a patient as he stands now; `only` names single records."""
        self._patient_id = patient_id
        self._only = None if only is None else frozenset(only)
        self._known = self._stand()
        self._found = {}
        self.say("", "accent")

    def stop(self) -> None:
        """The form is closed: nothing is said until the next `watch`."""
        self._patient_id = None
        self.say("", "accent")

    @Slot(object)
    def _on_changed(self, change_set: ChangeSet) -> None:
        patient_id = self._patient_id
        if patient_id is None or not change_set.touches(patient_id=patient_id):
            return
        now = self._stand()
        news = newer.since(self._known, now)
        # What was written here meanwhile is no news, now or after the server has it.
        self._known = now
        for one in news:
            before = self._found.get((one.kind, one.id))
            fields = (*before.fields, *one.fields) if before is not None else one.fields
            self._found[one.kind, one.id] = Newer(one.kind, one.id, tuple(dict.fromkeys(fields)))
        if news:
            clock = clock_text(self._context.session.clock.now())
            self.say(newer_text(list(self._found.values()), clock), "accent")

    def _stand(self) -> Names:
        assert self._patient_id is not None
        found = newer.stand(self._context.session, self._patient_id, self._kinds)
        if self._only is None:
            return found
        return {name: stand for name, stand in found.items() if name[1] in self._only}
