"""Run a command from a small process, and write what it cost: `launcher.py DESCRIPTOR COMMAND ...`.

The kernel counts the memory of the process that starts a command in that command's peak. A bench
that has just written 500 MB of input would hide what it measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

if __name__ == "__main__":
    process = subprocess.Popen(sys.argv[2:])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = [usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode]
    os.write(int(sys.argv[1]), json.dumps(cost).encode())
