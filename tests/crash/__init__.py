"""Proof by exhaustion: a target that is killed at every boundary loses and repeats nothing."""
