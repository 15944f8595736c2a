"""Draws the icon's pictures from its drawing, once it has changed: python packaging/linux/draw_icons.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
SIZES = (48, 128, 256)


def main() -> int:
    app = QGuiApplication([])
    drawing = QSvgRenderer(str(HERE / "evenkeel.svg"))
    for size in SIZES:
        picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        drawing.render(painter)
        painter.end()
        picture.save(str(HERE / f"evenkeel-{size}.png"))
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
