"""The database below the store: connections, tables, counters, errors."""
