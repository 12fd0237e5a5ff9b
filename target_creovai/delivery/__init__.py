"""From the store to Creovai, or into files: what is due is assembled, and a step carried out.

`loop` walks through what is due, `decide` returns the next step of a conversation. `deliver` and
`steps` carry steps out, `dry_run` prints them. `streaming` delivers while rows still come,
`existing` looks conversations up before their first post, `erasure` erases what was deleted.
"""
