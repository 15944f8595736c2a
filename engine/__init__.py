"""Evenkeel's engines: everything that decides and acts, with no Qt anywhere."""

__version__ = "0.1.0"
