"""Sentences for what is told to people elsewhere."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "notify.told": QT_TRANSLATE_NOOP("Reason", "Alert {id} is posted to the webhook, attempt {attempt}."),
    "notify.receiver_said": QT_TRANSLATE_NOOP("Reason", "The webhook's receiver did not take it ({words})."),
}
