"""Requests to Creovai as a delivery makes them.

`outbox` keeps the order of commits around requests, `workers` are the threads in which `sender`
makes them, `in_flight` records their results, `doubts` looks lost answers up. `retry_budget`,
`breaker` and `failures` limit what is tried again.
"""
