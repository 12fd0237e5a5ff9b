"""HTML that is escaped by its type, and tables and charts made of it."""
