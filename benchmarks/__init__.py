"""How fast the parts are, on one machine, in numbers that can be compared with the goals."""
