"""What was said of a tablet that lies under the tongue, as it outlives a lock.

The window locks after two minutes on this page and a tablet takes five or more: nobody is to begin
anew because of that. Pure values; the second person is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldapp.clock import from_iso, to_iso
from fieldapp.domain.medication import IdentityCheck, ObservedState, OtherDose
from ui.handout.form_state import HandoutForm


def to_kept(form: HandoutForm) -> dict[str, object]:
    """The form's facts; nothing while no tablet lies there."""
    if form.dissolve_began is None:
        return {}
    key = form.slot.key
    return {
        "id": form.id,
        "slot": [key.request_id, form.slot.request.revision, key.day.isoformat(), key.part.value],
        "identity": form.identity.value if form.identity else None,
        "observed": form.observed.value if form.observed else None,
        "other_dose": form.other_dose.value if form.other_dose else None,
        "other_text": form.other_text,
        "seen": form.seen,
        "began": to_iso(form.dissolve_began),
        "minutes": form.dissolve_text,
        "mouth": form.mouth_checked,
    }


def is_about(kept: Mapping[str, Any], form: HandoutForm) -> bool:
    """True when the same dose of the same order is asked about."""
    key = form.slot.key
    slot = [key.request_id, form.slot.request.revision, key.day.isoformat(), key.part.value]
    return bool(kept.get("slot") == slot)


def with_kept(form: HandoutForm, kept: Mapping[str, Any]) -> HandoutForm:
    """The form with what was said before the lock. Raises KeyError, ValueError."""
    identity, observed, other = kept["identity"], kept["observed"], kept["other_dose"]
    return replace(
        form,
        id=str(kept["id"]),
        identity=IdentityCheck(identity) if identity else None,
        observed=ObservedState(observed) if observed else None,
        other_dose=OtherDose(other) if other else None,
        other_text=str(kept["other_text"]),
        seen=kept["seen"],
        dissolve_began=from_iso(str(kept["began"])),
        dissolve_text=str(kept["minutes"]),
        mouth_checked=kept["mouth"],
    )
