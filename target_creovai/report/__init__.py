"""How it went, on one page for people: the history of runs in pictures and tables.

Values in, one HTML file out, which needs no network and runs no script.
"""
