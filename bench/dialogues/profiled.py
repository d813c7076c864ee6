"""Run a server under cProfile: python -m bench.dialogues.profiled OUT up --data-dir … (as for `infra.cli`).

SIGUSR1 ends what is profiled and writes it, so that neither start nor shutdown is in it; SIGUSR2 begins.
"""

import cProfile
import signal
import sys
import time

from infra.cli import app

if __name__ == "__main__":
    out, *words = sys.argv[1:]
    profile = cProfile.Profile(time.thread_time)  # CPU of the main thread: neighbours on the machine do not show

    def dump(*_: object) -> None:
        profile.disable()
        profile.dump_stats(out)

    signal.signal(signal.SIGUSR2, lambda *_: profile.enable())
    signal.signal(signal.SIGUSR1, dump)
    app(words, standalone_mode=False)
