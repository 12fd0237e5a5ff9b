"""The target's settings, and what may be wrong with them."""
