"""The operator's commands: show what became of conversations, and repair the ledger.

Each module has a pure part, which makes a report from values, and a thin one that reads the
command line, the store and Creovai. Reports hold Ids, names of fields, counts and reasons: never
a credential and, but for the page that `preview` writes, never a customer's words.
"""
