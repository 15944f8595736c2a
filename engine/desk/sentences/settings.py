"""Sentences for what is wrong with a configuration, or worth knowing about it."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "of_kind": QT_TRANSLATE_NOOP("Reason", "Expected {kind}."),
    "within_bounds": QT_TRANSLATE_NOOP("Reason", "Expected {bounds} {unit}."),
    "one_of": QT_TRANSLATE_NOOP("Reason", "Expected one of {choices}."),
    "rule_holds": QT_TRANSLATE_NOOP("Reason", "{text}."),
    "known_option": QT_TRANSLATE_NOOP("Reason", "There is no such option. The nearest name is “{nearest}”."),
    "known_section": QT_TRANSLATE_NOOP("Reason", "There is no such section. Expected one of {sections}."),
    "plain_table": QT_TRANSLATE_NOOP(
        "Reason", "Expected plain “name = value” lines below a [section] header, with nothing nested."
    ),
    "given_once": QT_TRANSLATE_NOOP("Reason", "The name stands in the file twice (first on line {first_line})."),
    "valid_toml": QT_TRANSLATE_NOOP("Reason", "This is not TOML in UTF-8: {detail}."),
    "readable_file": QT_TRANSLATE_NOOP("Reason", "The file cannot be read: {detail}."),
    "set_by_environment": QT_TRANSLATE_NOOP(
        "Reason", "The environment variable {variable} holds it at {value}; change it there and start again."
    ),
    "renamed": QT_TRANSLATE_NOOP(
        "Reason", "Line {line}: {old_name} is now {path}; it is renamed when the file is written next."
    ),
    "superseded": QT_TRANSLATE_NOOP(
        "Reason", "{path} stands in the place of {old_name}, which is set to {value} (line {line}; kept: {kept})."
    ),
    "unknown_variable": QT_TRANSLATE_NOOP(
        "Reason", "The environment variable {variable} is no option's and has no effect (nearest: “{nearest}”)."
    ),
    "dropped": QT_TRANSLATE_NOOP("Reason", "{path} no longer exists and is left out."),
}
