"""A read-only FUSE mount of a folder that gives at most so many MB a second in all: stands for EFS.

    slow_mount.py FOLDER MOUNTPOINT MB_PER_SECOND
"""
import errno
import os
import sys
import threading
import time

from fusepy import FUSE, FuseOSError, Operations


class Slow(Operations):
    def __init__(self, folder, rate):
        self.folder, self.rate = folder, rate
        self.turn, self.free_at = threading.Lock(), 0.0

    def path(self, path):
        return self.folder + path

    def getattr(self, path, fh=None):
        try:
            s = os.stat(self.path(path))
        except OSError as e:
            raise FuseOSError(e.errno or errno.EIO)
        return {k: getattr(s, k) for k in ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_mtime", "st_ctime",
                                           "st_atime", "st_ino")}

    def readdir(self, path, fh):
        return [".", ".."] + os.listdir(self.path(path))

    def open(self, path, flags):
        return os.open(self.path(path), os.O_RDONLY)

    def release(self, path, fh):
        os.close(fh)

    def read(self, path, size, offset, fh):
        data = os.pread(fh, size, offset)
        with self.turn:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + len(data) / self.rate
            wait = self.free_at - now
        if wait > 0.002:
            time.sleep(wait)
        return data


if __name__ == "__main__":
    FUSE(Slow(os.path.abspath(sys.argv[1]), float(sys.argv[3]) * 1e6), sys.argv[2], foreground=True, ro=True,
         direct_io=True, max_read=1 << 20)
