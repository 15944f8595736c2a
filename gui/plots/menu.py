"""Everything a plot can do, as a menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from gui.plots.words import mark_text

if TYPE_CHECKING:
    from gui.plots.live import LivePlot

translate = QCoreApplication.translate


def plot_menu(plot: LivePlot) -> QMenu:
    """A menu that is gone once it was closed."""
    menu = QMenu(plot)
    menu.setAccessibleName(translate("PlotMenu", "Menu of {title}").format(title=plot.title))
    menu.aboutToHide.connect(menu.deleteLater)

    def add(text: str, key: str, act: Callable[[], object]) -> None:
        named = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) if key.isalpha() else key
        menu.addAction(f"{text}\t{named}" if key else text).triggered.connect(lambda _=False: act())

    add(translate("PlotMenu", "&Follow the present"), "End", plot.follow)
    add(translate("PlotMenu", "&Reset the view"), "0", plot.reset)
    add(translate("PlotMenu", "&All that is known"), "Home", plot.keys.show_all)
    add(translate("PlotMenu", "Zoom &in"), "+", lambda: plot.keys.zoom(0.5))
    add(translate("PlotMenu", "Zoom &out"), "−", lambda: plot.keys.zoom(2.0))
    if plot.thresholds:
        menu.addSeparator()
    for mark in plot.thresholds:
        text = translate("PlotMenu", "&Move {name} ({value})…")
        value = mark_text(mark, plot.quantity)
        add(text.format(name=mark.name, value=value), "", lambda name=mark.name: plot.move_threshold(name))
    menu.addSeparator()
    add(translate("PlotMenu", "&Copy the summary"), "", lambda: QGuiApplication.clipboard().setText(plot.describe()))
    service = plot.service
    if service is not None:
        add(translate("PlotMenu", "Save &picture…"), "", lambda: service.save_picture(plot))
        add(translate("PlotMenu", "Save &numbers…"), "", lambda: service.save_numbers(plot))
    return menu
