"""The desktop panel. Knows engine.desk, engine.core and each engine's options, messages and reasons; nothing below."""

from gui import qt as qt  # names the Qt binding before any module of this package can import a library that asks
