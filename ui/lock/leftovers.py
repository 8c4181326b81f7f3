"""What was half written at a lock and has no place in the store: pure values and their bytes.

The bytes are sealed by the vault before the keys are wiped; see `fieldapp.security.kept`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """A dialog that was open, or a page that the store did not take.

    `lines` are the fields that were filled in, as (label, text). `patient_id` is whom the page
    below it was about, "" for nobody.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`pages`: what a page gives back to itself, by the page's name; see `Page.keep`."""

    questions: tuple[Question, ...] = ()
    pages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.questions or self.pages)

    def to_bytes(self) -> bytes:
        """Empty when there is nothing to keep."""
        if not self:
            return b""
        questions = [[q.title, [list(line) for line in q.lines], q.patient_id]
                     for q in self.questions]  # fmt: skip
        value = {"questions": questions, "pages": self.pages}
        return json.dumps(value, ensure_ascii=False).encode("utf-8")


def read(data: bytes) -> Leftovers:
    """What `to_bytes` wrote; nothing for what cannot be understood."""
    if not data:
        return Leftovers()
    try:
        value = json.loads(data)
        questions = tuple(
            Question(title, tuple((label, text) for label, text in lines), patient_id)
            for title, lines, patient_id in value["questions"]
        )
        return Leftovers(questions, dict(value["pages"]))
    except (ValueError, KeyError, TypeError) as error:
        log.warning("what was kept is not understood: %s", type(error).__name__)
        return Leftovers()
