"""Reserve, collateral, fees and ledger balance to the unit, whatever happens in whatever order (hub spec 1 to 13).

The long form is `python -m tests.soak.hub_books`.
"""

from __future__ import annotations

from hypothesis import settings

from tests.engine.hub.books_machine import Books

Books.TestCase.settings = settings(max_examples=20, stateful_step_count=50, deadline=None)
TestBooksBalance = Books.TestCase
