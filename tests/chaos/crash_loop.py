"""A crash-looping actor costs steadyd next to nothing: one that crashes at start for ever, with the default back-off."""
import argparse
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
import steady  # noqa: E402
from watch import cpu_seconds  # noqa: E402

RESTARTS = 7  # with waits of 0, 0.1, 0.2, ... some 6 s
SHARE_MAX = 0.01
LOOP = """steadyd: 1
name: loop
actors:
  crashing: {plugin: start_crashes}
supervision: {intensity: 10000, period: 24h}
drain_timeout: 1s  # it never gets so far as to drain
"""


def share_of_a_core(restarts):
    """What steadyd uses, of one core, from its start until the actor was restarted so often."""
    with steady.Directories() as directories, steady.Service(directories, LOOP, crashes=True) as service:
        used, begun = cpu_seconds(service.process.pid), time.monotonic()
        service.wait_log("Restarting", "actor=crashing")
        while service.log().count("Restarting") < restarts:  # read the log: a request would cost steadyd, too
            time.sleep(0.05)
            assert time.monotonic() - begun < steady.WATCHDOG_SECONDS, service.log()
        share = (cpu_seconds(service.process.pid) - used) / (time.monotonic() - begun)
        service.stop_and_check_nothing_is_left()
        return share


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--assert", action="store_true", dest="strict", help="fail above 1 %% of a core")
    chosen = arguments.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    share = share_of_a_core(RESTARTS)
    print(f"a crash-looping actor costs steadyd {share:.2%} of a core, over {RESTARTS} restarts")
    assert not chosen.strict or share < SHARE_MAX, f"more than {SHARE_MAX:.0%}"


main()
