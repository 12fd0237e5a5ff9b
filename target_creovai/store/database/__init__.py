"""The database below the store: engines, tables, upgrades."""
