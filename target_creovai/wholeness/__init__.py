"""Whole or not at all: what was read, and whether a conversation may have parts that were not.

`intervals` and `coverage` are the times in which rows were read, `inputs` is what one input has
read, `needs` which fields must have been read, `judge` whether a conversation is whole, `reasons`
why it is not, `advice` what to do then. Values only.
"""
