"""The tap's settings: their schema, how they are loaded, and how they are checked."""
