"""The parts of the settings page: an editor for each kind of value, a row for each option, the form, the dialogs."""
