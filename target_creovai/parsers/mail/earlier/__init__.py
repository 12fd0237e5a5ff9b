"""The lines of a mail that repeat earlier messages of its case.

`passages` indexes those messages, `comparison` finds runs of their words in a mail, `runs` drops
coincidences, `known` sums up what is left, line by line.
"""
