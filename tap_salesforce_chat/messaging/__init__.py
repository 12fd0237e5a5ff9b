"""Read the entries of messaging conversations: APIs, rate limits, and the conversion to rows."""
