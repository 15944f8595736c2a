"""From what an engine says as data to what an operator reads: reasons, and in `events` events, as sentences."""

from gui.sentences.reasons import sentence
from gui.sentences.words import lowered, word

__all__ = ["lowered", "sentence", "word"]
