"""Drives a command on a pseudo-terminal of 100 columns: python3 terminal.py STEPS COMMAND...

STEPS is a JSON list of [keys, words]: the keys are typed, then the words are awaited in what is shown after the words of
the step before, escape sequences left out. The end of the command is awaited last. Standard output holds all that was shown, the
exit status is the command's.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PATIENCE = 120.0
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")


class Terminal:
    def __init__(self, command):
        self.child, self.end = pty.fork()
        if self.child == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.raw = b""
        self.seen = 0

    def shown(self):
        return ESCAPES.sub("", self.raw.decode("utf-8", "replace")).replace("\r", "")

    def read(self):
        """Reads what there is, answering where the cursor is; false at the end."""
        if not select.select([self.end], [], [], 0.2)[0]:
            return True
        try:
            read = os.read(self.end, 65536)
        except OSError:
            read = b""
        for _ in range(read.count(b"\x1b[6n")):
            os.write(self.end, b"\x1b[1;1R")
        self.raw += read
        return bool(read)

    def await_words(self, words):
        until = time.monotonic() + PATIENCE
        while (at := self.shown().find(words, self.seen)) < 0:
            if not self.read() or time.monotonic() > until:
                sys.exit(f"awaited {words!r} after {self.shown()[self.seen:]!r}")
        self.seen = at + len(words)


def main():
    terminal = Terminal(sys.argv[2:])
    for keys, words in json.loads(sys.argv[1]):
        os.write(terminal.end, keys.encode())
        terminal.await_words(words)
    while terminal.read():
        pass
    sys.stdout.write(terminal.shown())
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(terminal.child, 0)[1]))


main()
