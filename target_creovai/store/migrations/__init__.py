"""How a store is made, and how one of an earlier version becomes one of this version."""
