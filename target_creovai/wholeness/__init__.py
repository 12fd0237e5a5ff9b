"""Whole or not at all: what was read, and whether a conversation may have parts that were not.

Values only. `intervals` is their arithmetic, `coverage` what follows for a conversation,
`inputs` what one input has read, `needs` which fields must have been read, `reasons`
how all of that is put into words.
"""
