"""The tap's settings, and what may be wrong with them."""
