"""The pages of the panel: each builds its widgets in one place and binds them to the read model in one place."""
