from __future__ import annotations

import pytest

from fieldapp.services import notes
from tests.helpers.ward import AASE, MARET, ODD, Ward
from tests.helpers.windows import LOOKS, problems_in
from ui.theme import Theme
from ui.workspace import Workspace

PLACES: list[tuple[str, dict[str, object]]] = [
    ("today", {}),
    ("patients", {}),
    ("patient", {"patient_id": AASE, "tab": "overview"}),
    ("patient", {"patient_id": AASE, "tab": "medication"}),
    ("patient", {"patient_id": AASE, "tab": "screening"}),
    ("patient", {"patient_id": AASE, "tab": "notes"}),
    ("patient", {"patient_id": AASE, "tab": "contacts"}),
    ("patient", {"patient_id": MARET}),
    ("patient", {"patient_id": ODD}),
]


@pytest.mark.parametrize(("page", "args"), PLACES)
def test_every_page_is_named_and_nothing_is_cut_off_in_any_look(
    workspace: Workspace, ward: Ward, theme: Theme, page: str, args: dict[str, object]
) -> None:
    body: dict[str, object] = {"template": "generic", "text": "Hei", "addendum_to": None}
    notes.new_draft(ward.session, AASE, "note", None, body)
    workspace.navigate(page, **args)
    found = {
        (scheme.value, scale): problems_in(workspace, theme, scheme, scale)
        for scheme, scale in LOOKS
    }
    assert found == {look: [] for look in found}
