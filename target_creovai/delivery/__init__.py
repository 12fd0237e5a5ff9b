"""From the store to Creovai, or into files: what is due is assembled, sent, and written down.

`dispatch` walks through what is due; `deliver` sends it and `dry_run` only shows it. `outbox`
keeps intents before requests and receipts after answers, `sender` makes the requests in its
workers' threads, `patience` says for how long. `erasure` takes back what was deleted.
"""
