"""What the palette cannot say, as a Qt style sheet: cards, badges, buttons, tables.

Kept small, since each rule is looked at for each widget. Looks are chosen by property: see `gui.theme.set_look`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.theme import Theme

_RULES = """
QFrame[card="true"] {{ background: {surface}; border: 1px solid {border}; border-radius: {radius}px; }}
QFrame[sheet="true"] {{ background: {surface}; border: 1px solid {muted}; border-radius: {radius}px; }}
QFrame[card="true"]:focus {{ border-color: {accent}; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="heading"] {{ font-size: 15pt; font-weight: 600; }}
QLabel[role="figure"] {{ font-size: 17pt; font-weight: 500; }}
QLabel[role="muted"] {{ color: {muted}; }}
QToolTip {{ background: {surface}; color: {text}; border: 1px solid {border}; padding: 4px 6px; }}
QPushButton, QToolButton[button="true"] {{
    background: {surface}; color: {text}; border: 1px solid {border}; border-radius: 5px; padding: 4px 12px;
}}
QPushButton:hover, QToolButton[button="true"]:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton[button="true"]:pressed {{ background: {border}; }}
QPushButton:focus, QToolButton[button="true"]:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {disabled}; background: {sunken}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[primary="true"]:disabled {{ background: {sunken}; color: {disabled}; border-color: {border}; }}
QToolButton[button="true"] {{ padding: 2px 10px; }}
QRadioButton::indicator {{
    width: 12px; height: 12px; border: 1px solid {muted}; border-radius: 7px; background: {sunken};
}}
QRadioButton::indicator:checked {{
    width: 6px; height: 6px; border: 4px solid {accent}; border-radius: 7px; background: {on_accent};
}}
QRadioButton:focus {{ color: {accent}; }}
QHeaderView::section {{
    background: {sunken}; color: {muted}; border: none; border-bottom: 1px solid {border}; padding: 4px 8px;
}}
QTableView {{ border: 1px solid {border}; gridline-color: {grid}; }}
"""

_TONE_RULES = """
QLabel[tone="{name}"] {{ color: {text}; }}
QLabel[badge="{name}"] {{
    background: {fill}; color: {on_fill}; border-radius: 4px; padding: 1px 7px; font-weight: 600;
}}
QLabel[soft="{name}"] {{ background: {soft}; color: {text}; border-radius: 4px; padding: 1px 7px; }}
QFrame[frame="{name}"] {{ border: 2px solid {fill}; border-radius: {radius}px; }}
QPushButton[tone="{name}"] {{ background: {fill}; color: {on_fill}; border-color: {fill}; font-weight: 600; }}
QPushButton[tone="{name}"]:focus {{ border: 2px solid {outline}; padding: 3px 11px; }}
"""


def stylesheet(theme: Theme, radius: int) -> str:
    """The whole sheet. radius: of a card, in pixels."""
    rules = [
        _RULES.format(
            surface=theme.surface,
            border=theme.border,
            radius=radius,
            accent=theme.accent,
            on_accent=theme.on_accent,
            muted=theme.muted,
            text=theme.text,
            hover=theme.hover,
            disabled=theme.disabled,
            sunken=theme.sunken,
            grid=theme.grid,
        )
    ]
    rules += [
        _TONE_RULES.format(
            name=tone.value,
            text=colours.text,
            soft=colours.soft,
            fill=colours.fill,
            on_fill=colours.on_fill,
            radius=radius,
            outline=theme.text,
        )
        for tone, colours in theme.tones.items()
    ]
    return "".join(rules)
