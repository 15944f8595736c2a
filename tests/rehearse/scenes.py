"""All scenes, in the order in which they are played."""

from __future__ import annotations

from tests.rehearse import scenes_account, scenes_opening, scenes_stopping

SCENES = (*scenes_opening.SCENES, *scenes_stopping.SCENES, *scenes_account.SCENES)
