"""From Singer messages to committed rows, and when a STATE may leave.

`reader` makes messages of lines, `messages` checks what they hold, `listener` passes their records
to `sinks`, `batch` reads the files of BATCH messages. `announced` has the streams of the SCHEMAs,
`staging` makes the row to store, `intake` commits rows, `stdout` writes STATE.
"""
