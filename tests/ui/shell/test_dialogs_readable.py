from __future__ import annotations

from collections.abc import Callable

import pytest

from fieldapp.services import patients
from tests.helpers.a11y import audit, clipped
from tests.helpers.ward import AASE
from tests.helpers.windows import LOOKS, problems_in
from ui.context import AppContext
from ui.patient.addendum_dialog import AddendumDialog
from ui.patient.contact_dialog import ContactDialog
from ui.patient.critical_dialog import CriticalDialog
from ui.shots import settle
from ui.theme import Theme
from ui.today.plan_dialog import PlanVisitDialog
from ui.widgets import Dialog
from ui.workspace import Workspace

MAKERS: dict[str, Callable[[AppContext, Workspace], Dialog]] = {
    "plan": lambda context, parent: PlanVisitDialog(context, parent),
    "critical": lambda context, parent: CriticalDialog(
        context, patients.page(context.session, AASE), parent
    ),
    "contact": lambda context, parent: ContactDialog(context, AASE, None, parent),
    "addendum": lambda context, parent: AddendumDialog(context, "n-new", parent),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_dialog_is_named_fits_the_window_and_cuts_nothing_off(
    workspace: Workspace, theme: Theme, name: str
) -> None:
    for scheme, scale in LOOKS:
        assert problems_in(workspace, theme, scheme, scale) == []
        dialog = MAKERS[name](workspace.context, workspace)
        dialog.open()
        settle()
        assert [*audit(dialog), *clipped(dialog)] == []
        assert dialog.width() <= workspace.width()
        assert dialog.height() <= workspace.height()
        dialog.reject()
        settle()
