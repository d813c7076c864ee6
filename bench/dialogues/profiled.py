"""Run a server under cProfile: python -m bench.dialogues.profiled OUT up --data-dir … (as for `infra.cli`)."""

import cProfile
import sys

from infra.cli import app

if __name__ == "__main__":
    out, *words = sys.argv[1:]
    profile = cProfile.Profile()
    profile.enable()
    try:
        app(words, standalone_mode=False)
    finally:
        profile.disable()
        profile.dump_stats(out)
