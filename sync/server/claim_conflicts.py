"""Two stores that say they hold the same day: what a server that was set back can have caused."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.domain.codec import to_body
from fieldapp.domain.issues import DetectedIssue
from sync.server.storage.storage import Transaction
from sync.server.storage.values import NewVersion

CLAIM_CONFLICT: Final = "claim_conflict"
_CONFLICTS: Final = uuid.UUID("a4d1c0de-6a0e-4f0f-8a43-0f6c5be0d2a1")
_KIND: Final = "detected_issue"


def raise_conflict(
    transaction: Transaction, claim: str, patient_id: str, involved: Sequence[str], now: datetime
) -> None:
    """Write the safety item of a claim, once. `involved` are both holders."""
    item_id = str(uuid.uuid5(_CONFLICTS, claim))
    if transaction.records.get(_KIND, item_id) is not None:
        return
    item = DetectedIssue(
        id=item_id,
        patient_id=patient_id,
        code=CLAIM_CONFLICT,
        evidence=(claim,),
        raised_at=now,
        involved=tuple(dict.fromkeys(involved)),
    )
    transaction.records.add(
        NewVersion(
            kind=_KIND,
            id=item_id,
            patient_id=patient_id,
            body=to_body(item),
            immutable=False,
            author_id=None,
            device_id=None,
            received_at=to_iso(now),
        ),
        None,
    )
