"""Conversations on one page for people: what a payload says, in the shape of a dialogue.

Values in, values out. `page.html`, `page.css` and `page.js` become one file that needs no
network: the browser itself is told to refuse any.
"""
