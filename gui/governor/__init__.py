"""The parts of the governor's page: lines, numbers and reach, blocked entries, plots, tables."""
