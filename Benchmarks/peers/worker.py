"""What all peers have in common: a line of JSON for each request."""
import json
import sys
import time


def answer(**reply):
    print(json.dumps(reply), flush=True)


def peak_bytes():
    """VmHWM of proc(5). `ru_maxrss` would do, but it survives execve(2): the parent's peak would be in it."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def serve(prepare, version):
    """Answers each line with the time of one run. `prepare` is called before each and gives what is timed."""
    answer(version=version)
    for _ in sys.stdin:
        run = prepare()
        start = time.perf_counter()
        run()
        seconds = time.perf_counter() - start
        answer(seconds=seconds, peakBytes=peak_bytes())
