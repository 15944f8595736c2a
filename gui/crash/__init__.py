"""What happened before something failed, in one text without secrets, for a person to keep or hand on by hand."""
