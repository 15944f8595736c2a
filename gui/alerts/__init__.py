"""Alerts on the screen: the bell, the list, and notifications of the desktop with quiet hours."""
