"""One file for each schema of the journal, numbered; a file that was released is never changed again."""
