"""Live plots. Importing `gui.plots.live` loads pyqtgraph: do so after the first frame is painted."""
