"""The process between a service and who started it: nothing of the command outlives its owner.

    python guard.py --signal 15 --grace 10 [--user UID:GID] -- COMMAND...

Standard input is a lifeline: its end, however it comes about (a clean stop, Ctrl-C, a crash, kill
-9 of the owner), stops the command. The stop signal goes to the command's whole process group; what
is left after the grace period is killed. On Linux this process is the reaper of every orphan below
it, so daemons that left the group are found too, and should this process itself be killed the
command gets SIGKILL from the kernel.

Standard library only and no package imports: it is run as a file, by any of the environments'
interpreters.
"""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_LINUX = sys.platform.startswith("linux")
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(user: int, group: int) -> None:
    """Change to another user who may still reach this one's files.

    Postgres refuses to run as root, yet its data may lie where only root can go. So the one
    capability to pass closed directories is kept; where the machine does not grant it, nothing is.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if _LIBC is not None:
        # struct __user_cap_header_struct and two of __user_cap_data_struct (effective, permitted,
        # inheritable).
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)(*(3 * [1 << _CAP_DAC_OVERRIDE] + 3 * [0]))
        if _LIBC.capset(header, data) == 0:
            _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def _children() -> list[int]:
    """Return the live and dead processes whose parent is this one (orphans below it included)."""
    children = []
    for entry in os.listdir("/proc") if _LINUX else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    # The command name may hold spaces and brackets, hence the split after the last
                    # one.
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            if parent == os.getpid():
                children.append(int(entry))
    return children


def _reap_orphans(number: int, grace: float) -> None:
    """Stop every process left below this one, politely first."""
    deadline = time.monotonic() + grace
    while children := _children():
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        for child in children:
            try:
                if os.waitpid(child, os.WNOHANG) == (0, 0):
                    os.kill(child, number)
            except (ChildProcessError, ProcessLookupError):
                pass
        time.sleep(0.02)


def main() -> int:
    """Run the command until it ends or the lifeline does; return its exit code as a shell would."""
    parser = argparse.ArgumentParser(
        prog="guard", description="Run a command that dies with its owner."
    )
    parser.add_argument("--signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--user", help="UID:GID to run the command as; needs root")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    # What a service writes holds students' records: for its owner alone.
    os.umask(0o077)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    identity = tuple(int(part) for part in options.user.split(":")) if options.user else None

    def prepare() -> None:
        if identity is not None:
            _become(*identity)
        # After the change of user, which clears it.
        _die_with_parent()
        if os.getppid() != guard:
            # It died before that was said, and nobody will tell this process.
            os._exit(128 + signal.SIGKILL)

    # This process has no other thread yet, so a preexec function is safe.
    child = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        options.command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=prepare
    )
    ended = threading.Event()

    def stop(*_: object) -> None:
        _signal_group(child.pid, options.signal)

        def kill_later() -> None:
            if not ended.wait(options.grace):
                _signal_group(child.pid, signal.SIGKILL)

        threading.Thread(target=kill_later, daemon=True).start()

    def watch_lifeline() -> None:
        while os.read(0, 1):
            pass
        stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    threading.Thread(target=watch_lifeline, daemon=True).start()
    code = child.wait()
    ended.set()
    _signal_group(child.pid, signal.SIGTERM)
    _reap_orphans(signal.SIGTERM, options.grace)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
