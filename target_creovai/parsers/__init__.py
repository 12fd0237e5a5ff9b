"""Text in, messages out: no I/O, no Singer, no Creovai."""
