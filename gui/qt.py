"""Which Qt everything speaks: PySide6, said before any library that asks can ask (panel spec, Facts).

Imported by the package itself, and so before any of its modules. pyqtgraph, qasync and pytest-qt each take whatever
binding they find first when nobody tells them.
"""

from __future__ import annotations

import os

BINDING = "PySide6"

os.environ["QT_API"] = BINDING.lower()
os.environ["PYQTGRAPH_QT_LIB"] = BINDING
os.environ["PYTEST_QT_API"] = BINDING.lower()
