"""Run one command and write down what it used; stdlib only, so that this process stays small.

A child's peak memory is never told as less than what its parent had when it started the child:
measured from a process that holds a large answer, every command would seem large.

    python -I -S launch.py REPORT PROGRAM [ARGUMENT ...]
"""

import json
import os
import sys
import time


def main() -> int:
    report, *words = sys.argv[1:]
    started = time.monotonic()
    process = os.posix_spawn(words[0], words, os.environ)
    _, status, usage = os.wait4(process, 0)
    facts = {
        "wall_s": time.monotonic() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        # KiB on Linux, bytes on macOS; of the largest one where there are worker processes.
        "peak_mb": usage.ru_maxrss / (1 if sys.platform == "darwin" else 1 / 1024) / 1e6,
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs 3 MB here
        json.dump(facts, file)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
