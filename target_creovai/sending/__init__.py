"""Requests to Creovai as delivery makes them: workers, retries, limits."""
