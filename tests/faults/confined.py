"""Commands without a way out but loopback, and without privileges: on Linux, where a process may
have a network of its own. As a program, it is what runs in there: `unshare -rn python confined.py
REPORT COMMAND...` writes to REPORT the addresses that anything listened on meanwhile.
"""

import functools
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1, as in /proc/net
# root without these is stopped by a file's modes like anybody else
NO_PRIVILEGES = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


@functools.cache
def is_possible() -> bool:
    """Whether this machine lets a command be confined."""
    if not (sys.platform == "linux" and shutil.which("unshare") and shutil.which("setpriv")):
        return False
    return (
        subprocess.run(["unshare", "-rn", *NO_PRIVILEGES, "true"], capture_output=True).returncode
        == 0
    )


def confined(command: list[str], report: Path | str = "/dev/null") -> list[str]:
    """The command that runs `command` confined."""
    return ["unshare", "-rn", sys.executable, __file__, str(report), *command]


def switch_loopback_on() -> None:
    import fcntl
    import socket
    import struct

    set_flags, up = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up))


def listening() -> set[str]:
    """The addresses on which something waits for connections, in hexadecimal digits."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *_ = line.split()
            if state == "0A":
                found.add(local.partition(":")[0])
    return found


def main() -> int:
    report, *command = sys.argv[1:]
    switch_loopback_on()
    process, found = subprocess.Popen([*NO_PRIVILEGES, *command]), set()
    while process.poll() is None:
        found |= listening()
        time.sleep(0.2)
    Path(report).write_text(json.dumps(sorted(found)))
    return process.returncode


if __name__ == "__main__":
    raise SystemExit(main())
