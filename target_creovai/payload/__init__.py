"""Conversations in Creovai's words, and whether Creovai would take them."""
