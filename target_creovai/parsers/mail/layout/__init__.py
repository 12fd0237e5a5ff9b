"""A mail body as lines: HTML to text, and what its client marked as quoted."""
