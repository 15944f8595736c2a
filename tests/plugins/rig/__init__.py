"""pytest plugins of this project, loaded by tests/conftest.py."""
