"""The parts of the page, each with its chart and its tables."""
