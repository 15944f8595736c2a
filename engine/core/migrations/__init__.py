"""The journal's schemas one after the other, as Alembic reads them; `engine.core.upgrade` runs them."""
