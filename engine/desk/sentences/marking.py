"""Marks a text for translation, in rooms where there is no Qt: `packaging/translate` lets lupdate read them too."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # the name that lupdate looks for
    """`text` itself; the panel translates it where it is shown."""
    return text
