"""The documentation of all options, from their declaration. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.option_catalogue import Catalogue, plain
from engine.core.options import Options, OptionSpec

_COLUMNS = ("Option", "Environment", "Type", "Unit", "Default", "Bounds", "Restart", "Risk", "Text")


def markdown(sections: Sequence[type[Options]]) -> str:
    """One heading and one table per section, one row per option, in the order of declaration."""
    catalogue = Catalogue(sections)
    return "\n\n".join(_section(catalogue, section) for section in catalogue.sections) + "\n"


def _section(catalogue: Catalogue, section: str) -> str:
    title = f"## {section}"
    about = (catalogue.sections[section].__doc__ or "").partition("\n\n")[0].strip()
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(catalogue, spec) for spec in catalogue.of_section(section))]
    table = "\n".join("| " + " | ".join(_cell(word) for word in row) + " |" for row in rows)
    return "\n\n".join(part for part in (title, about, table) if part)


def _row(catalogue: Catalogue, spec: OptionSpec) -> tuple[str, ...]:
    default = plain(catalogue.defaults[spec.path])
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    allowed = ", ".join(f"`{choice}`" for choice in spec.choices) or spec.bounds
    return (
        f"`{spec.name}`",
        f"`{spec.environment_name}`",
        f"{spec.kind}, may be empty" if spec.optional else spec.kind,
        spec.unit,
        f"`{shown}`" if default not in (None, "") else "",
        allowed,
        "yes" if spec.restart else "no",
        spec.risk.value,
        spec.text + _named(" Earlier name: ", spec.old_names) + _named(" Stands for ", [r.name for r in spec.replaces]),
    )


def _named(words: str, names: Sequence[str]) -> str:
    return f"{words}{', '.join(f'`{name}`' for name in names)}." if names else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
