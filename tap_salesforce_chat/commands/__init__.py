"""Commands beside the Singer ones: `doctor`, and what it examines."""
