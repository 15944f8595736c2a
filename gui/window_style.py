"""The looks of controls that only the window's pages have: tabs, inputs, scroll bars, menus."""

from __future__ import annotations

from gui.theme import Theme

_RULES = """
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; border: none; }}
QTabBar::tab {{
    background: transparent; color: {muted}; border: none; border-bottom: 2px solid transparent;
    padding: 5px 12px; margin-right: 2px;
}}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {accent}; font-weight: 600; }}
QTabBar::tab:focus {{ background: {hover}; }}
QTableView {{
    background: {surface}; border: 1px solid {border}; border-radius: 6px;
    selection-background-color: {hover}; selection-color: {text}; outline: none;
}}
QTableView:focus {{ border-color: {accent}; }}
QTableView::item {{ padding: 0 5px; border: none; border-bottom: 1px solid {grid}; }}
QTableView::item:selected {{ background: {hover}; color: {text}; }}
QHeaderView {{ background: {sunken}; border: none; border-top-left-radius: 6px; border-top-right-radius: 6px; }}
QLineEdit {{
    background: {sunken}; color: {text}; border: 1px solid {border}; border-radius: 5px; padding: 4px 8px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QLineEdit:focus {{ border-color: {accent}; }}
QLineEdit:disabled {{ color: {disabled}; }}
QLineEdit[invalid="true"] {{ border: 1px solid {danger}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {disabled}; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QFrame#rule {{ background: {grid}; border: none; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:hover {{ background: {hover}; }}
QMenu {{ background: {surface}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 10px; border-radius: 4px; }}
QMenu::item:selected {{ background: {hover}; color: {text}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 6px; }}
"""


def window_stylesheet(theme: Theme, danger: str) -> str:
    """The sheet of the main window in one look."""
    return _RULES.format(
        text=theme.text,
        muted=theme.muted,
        disabled=theme.disabled,
        accent=theme.accent,
        on_accent=theme.on_accent,
        surface=theme.surface,
        sunken=theme.sunken,
        hover=theme.hover,
        border=theme.border,
        grid=theme.grid,
        danger=danger,
    )
