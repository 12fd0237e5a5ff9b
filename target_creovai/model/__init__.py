"""What travels through the target: plain values, no I/O."""
