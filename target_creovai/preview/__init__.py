"""Conversations on one page for people: what a payload holds, in the shape of a dialogue.

Values in, values out. `page.html`, `page.css` and the scripts become one file that needs no
network: its Content-Security-Policy has the browser refuse any.
"""
