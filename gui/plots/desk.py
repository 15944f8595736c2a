"""What is done for the plots of a window: options behind their thresholds, files, and actions by key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDir, QStandardPaths, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.core.configuration import Configuration
from engine.core.drafts import Revision
from engine.core.tasks import Tasks
from gui.dialogs import Dialog
from gui.looks import SEVERITIES
from gui.notices import NoticeBar
from gui.plots.export import file_name, write_numbers, write_picture
from gui.plots.live import LivePlot
from gui.settings.changes import OptionChanges

translate = QCoreApplication.translate
WRITTEN_WITHIN_S = 60.0


class FileDialog(QFileDialog):
    """Asks where to save, beside the window: Stop stays within reach while it is open."""

    def __init__(self, parent: QWidget, title: str, name: str, kinds: str, ending: str) -> None:
        super().__init__(parent, title, _folder())
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setFileMode(QFileDialog.FileMode.AnyFile)
        self.setNameFilter(kinds)
        self.setDefaultSuffix(ending)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it would ask in an event loop of its own
        self.selectFile(name)

    async def answer(self) -> Path | None:
        """Show it, wait, and return the file; None when it was closed. The dialog is gone afterwards."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def settle(result: int) -> None:
            if not answered.done():
                answered.set_result(bool(result))

        self.finished.connect(settle)
        try:
            self.show()
            agreed = await answered
            chosen = self.selectedFiles()
            return Path(chosen[0]) if agreed and chosen else None
        finally:
            self.finished.disconnect(settle)
            self.hide()
            self.deleteLater()


class PlotDesk:
    """Serves every plot that is handed to `serve`; `close` when the session ends."""

    def __init__(self, configuration: Configuration, tasks: Tasks, notices: NoticeBar) -> None:
        self._configuration = configuration
        self._tasks = tasks
        self._notices = notices
        self._changes = OptionChanges(configuration, notices)
        self._plots: list[LivePlot] = []
        self._busy = False
        self.close: Callable[[], None] = configuration.subscribe(self._show_options)

    def serve(self, plots: Iterable[LivePlot]) -> None:
        """Let thresholds of these be moved, and their pictures and numbers be saved."""
        for plot in plots:
            plot.serve_by(self)
            self._plots.append(plot)
        self._show_options(self._configuration.current)

    def serve_pages(self, pages: Iterable[QWidget]) -> None:
        """Serve every plot of these pages."""
        for page in pages:
            self.serve(page.findChildren(LivePlot))

    def act(self, page: QWidget, what: str) -> None:
        """Do what an action says with the plot of `page` that has the keyboard, else the first in sight."""
        plot = plot_at_hand(page)
        if plot is None:
            self._notices.warn(translate("PlotDesk", "No plot is in sight. Go to Governor, Drift or Hub first."))
        elif what == "show_menu":
            plot.show_menu()
        elif what == "save_picture":
            self.save_picture(plot)
        elif what == "save_numbers":
            self.save_numbers(plot)

    def propose(self, plot: LivePlot, path: str, value: str) -> None:
        """Show what another value would change, and apply it if the operator agrees."""
        if self._busy:
            plot.settle()
            return
        self._busy = True
        self._tasks.start(self._propose(plot, path, value), name="move-threshold")

    def save_picture(self, plot: LivePlot) -> None:
        """The plot as it looks now; the file is asked for afterwards."""
        image = plot.grab().toImage()
        title = translate("PlotDesk", "Save the picture of {title}").format(title=plot.title)
        kinds = translate("PlotDesk", "Pictures (*.png)")
        self._start_saving(plot, title, kinds, "png", lambda file: write_picture(image, file))

    def save_numbers(self, plot: LivePlot) -> None:
        """What the plot shows now; the file is asked for afterwards."""
        numbers = plot.sight().numbers()
        title = translate("PlotDesk", "Save the numbers of {title}").format(title=plot.title)
        kinds = translate("PlotDesk", "Comma separated values (*.csv)")
        self._start_saving(plot, title, kinds, "csv", lambda file: write_numbers(numbers, file))

    async def _propose(self, plot: LivePlot, path: str, value: str) -> None:
        try:
            title = translate("PlotDesk", "Move this threshold?")
            await self._changes.ask(plot.window(), {path: value}, title)
        finally:
            self._busy = False
            plot.settle()

    def _show_options(self, revision: Revision) -> None:
        by_path = revision.settings.by_path
        for plot in self._plots:
            plot.show_options(by_path)

    def _start_saving(self, plot: LivePlot, title: str, kinds: str, ending: str, write: Callable[[Path], Any]) -> None:
        dialog = FileDialog(plot.window(), title, file_name(plot.title, plot.stretch[0], ending), kinds, ending)
        self._tasks.start(self._save(plot.window(), dialog, write), name="save-plot")

    async def _save(self, window: QWidget, dialog: FileDialog, write: Callable[[Path], Any]) -> None:
        file = await dialog.answer()
        if file is None or not await self._may_write(window, file):
            return
        try:
            async with asyncio.timeout(WRITTEN_WITHIN_S):
                await asyncio.to_thread(write, file)
        except TimeoutError:
            said = translate("PlotDesk", "{file} was not written within {seconds} s. Is its disk still there?")
            self._notices.warn(said.format(file=file, seconds=f"{WRITTEN_WITHIN_S:g}"))
        except OSError as error:
            said = translate("PlotDesk", "{file} could not be written ({why}). Choose another folder, then save again.")
            self._notices.warn(said.format(file=file, why=error.strerror or error))
        else:
            self._notices.done(translate("PlotDesk", "Saved as {file}.").format(file=file))

    async def _may_write(self, window: QWidget, file: Path) -> bool:
        if not await asyncio.to_thread(file.exists):
            return True
        return await Dialog(
            window,
            translate("PlotDesk", "Replace the file?"),
            translate("PlotDesk", "{file} is there already. What is in it would be lost.").format(file=file),
            agree=translate("PlotDesk", "Replace it"),
            decline=translate("PlotDesk", "Keep it"),
            look=SEVERITIES["warning"],
        ).answer()


def plot_at_hand(page: QWidget) -> LivePlot | None:
    """The plot of a page that has the keyboard, else the first in sight."""
    focused: QWidget | None = QApplication.focusWidget()
    while focused is not None:
        if isinstance(focused, LivePlot) and page.isAncestorOf(focused):
            return focused
        focused = focused.parentWidget()
    return next((plot for plot in page.findChildren(LivePlot) if plot.isVisible()), None)


def _folder() -> str:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return place if QDir(place).exists() else QDir.homePath()
