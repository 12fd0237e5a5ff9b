"""What comes in, in one form: streams, fields, values and Ids, however a tap writes them.

Pure, but for `batch`, which reads the files that a BATCH message names.
"""
