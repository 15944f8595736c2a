"""The composition root: arguments and configuration in, running engines out. It alone knows both ends of a port.

Nothing is imported here, so that a program can read its arguments before it loads the engines.
"""
