"""Writing what the filter shows to a file: which one is asked without holding anything up; progress, with a way out."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDir, QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QPushButton, QWidget

from engine.desk.journal_messages import ExportFormat, ExportSnapshot, WorkState
from gui.labels import ElidedLabel
from gui.sentences import sentence
from gui.theme import Space

NAME = "evenkeel-journal"


class ExportDialog(QFileDialog):
    """Asks for the file; open it with `open()`. picked: the path, whose ending says which format."""

    picked = Signal(str, ExportFormat)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._formats = {
            self.tr("CSV, for a spreadsheet (*.csv)"): ExportFormat.CSV,
            self.tr("JSON, with everything nested (*.json)"): ExportFormat.JSON,
        }
        self.setWindowTitle(self.tr("Export what the list shows"))
        self.setAccessibleName(self.windowTitle())
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setFileMode(QFileDialog.FileMode.AnyFile)
        self.setNameFilters(list(self._formats))
        self.setDirectory(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or QDir.homePath()
        )
        self.filterSelected.connect(lambda _: self._use_ending())
        self._use_ending()
        self.selectFile(f"{NAME}.{self.format.value}")
        self.fileSelected.connect(self._chosen)
        self.finished.connect(lambda _: self.deleteLater())

    @property
    def format(self) -> ExportFormat:
        """Of the chosen kind of file."""
        return self._formats.get(self.selectedNameFilter(), ExportFormat.CSV)

    def _use_ending(self) -> None:
        self.setDefaultSuffix(self.format.value)

    def _chosen(self, path: str) -> None:
        """A name that ends like the other format means that one."""
        ending = Path(path).suffix.lower().removeprefix(".")
        known = {format.value: format for format in ExportFormat}
        format = known.get(ending, self.format)
        self.picked.emit(path if ending in known else f"{path}.{format.value}", format)


class ExportLine(QWidget):
    """How far an export is; hidden while there is none. cancelled: the operator gives it up."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.text = ElidedLabel()
        self.cancel_button = QPushButton(self.tr("Cancel the export"))
        self.cancel_button.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.SMALL)
        row.addWidget(self.bar)
        row.addWidget(self.text, 1)
        row.addWidget(self.cancel_button)
        self.hide()

    def show_snapshot(self, snapshot: ExportSnapshot, expected: int) -> None:
        """expected: rows that there may be; 0 where that is not known."""
        self.setVisible(snapshot.state is WorkState.UNDER_WAY)
        self.bar.setRange(0, expected)
        self.bar.setValue(min(snapshot.written, expected))
        text = self.tr("{written} rows written to {file}")
        self.text.say(text.format(written=f"{snapshot.written:,}", file=Path(snapshot.path).name))
        self.bar.setAccessibleName(self.text.text())

    def ended(self, snapshot: ExportSnapshot) -> str:
        """What is said when it has ended."""
        if snapshot.state is WorkState.DONE:
            return self.tr("{written} rows were written to {path}.").format(
                written=f"{snapshot.written:,}", path=snapshot.path
            )
        if snapshot.state is WorkState.GIVEN_UP:
            return self.tr("The export was cancelled; nothing was left at {path}.").format(path=snapshot.path)
        return self.tr("The journal was not exported. {why}").format(why=sentence(snapshot.why))
