#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A chat, on an AF_CPG socket in Python:	python3 chat.py GROUP

As chat.c and chat_socket.c, and talks to them.  Python's sockets do all but
recvmsg(), which refuses addresses of a family that Python does not know: this
one call goes through ctypes.
"""
import ctypes
import os
import selectors
import socket
import struct
import sys

# linux/cpg.h
AF_CPG = 25
SOL_CPG = 300
CPGSO_JOIN = 1
SCM_CPG_CONFCHG = 2
GROUP = struct.Struct("=II128s")	# flags, name_len, name
ADDRESS = struct.Struct("=HHIII")	# family, pad, nodeid, pid, port
CONFCHG = struct.Struct("=IIII")	# n_members, n_left, n_joined, pad
MEMBER = struct.Struct("=IIII")		# nodeid, pid, port, reason
REASONS = ("", "joined", "left", "is cut off, or its machine is down",
           "is connected again", "ended")

CMSG = struct.Struct("@Nii")		# len, level, type


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


libc = ctypes.CDLL(None, use_errno=True)


def receive(sock):
    """The next event: (text, address, control), the last two maybe empty."""
    text, name, control = map(ctypes.create_string_buffer,
                              (4096, ADDRESS.size, 65536))
    iov = Iovec(ctypes.addressof(text), len(text))
    msg = Msghdr(ctypes.addressof(name), len(name), ctypes.pointer(iov), 1,
                 ctypes.addressof(control), len(control))
    n = libc.recvmsg(sock.fileno(), ctypes.byref(msg), 0)
    if n < 0 or msg.flags & socket.MSG_CTRUNC:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return text.raw[:n], name.raw[:msg.namelen], control.raw[:msg.controllen]


def print_change(control):
    n_members, n_left, n_joined, _ = CONFCHG.unpack_from(control, CMSG.size)
    pos = CMSG.size + CONFCHG.size
    end = pos + (n_members + n_left + n_joined) * MEMBER.size
    entries = list(MEMBER.iter_unpack(control[pos:end]))
    for nodeid, pid, _, reason in entries[n_members:]:
        print(f"* {nodeid}/{pid} {REASONS[reason]}")
    print("* in the group:", *(f"{m[0]}/{m[1]}" for m in entries[:n_members]))


def hear(sock):
    text, address, control = receive(sock)
    if address:
        _, _, nodeid, pid, _ = ADDRESS.unpack(address)
        print(f"<{nodeid}/{pid}> {text.decode(errors='replace')}")
    elif control and CMSG.unpack_from(control)[1:] == (SOL_CPG,
                                                       SCM_CPG_CONFCHG):
        print_change(control)


def say(sock):
    line = sys.stdin.buffer.raw.read(1024)
    if not line:
        sys.exit()
    for text in line.splitlines():
        sock.send(text)


sys.stdout.reconfigure(line_buffering=True)
group = os.fsencode(sys.argv[1])
cpg = socket.socket(AF_CPG, socket.SOCK_SEQPACKET)
cpg.setsockopt(SOL_CPG, CPGSO_JOIN, GROUP.pack(0, len(group), group))
with selectors.DefaultSelector() as selector:
    selector.register(cpg, selectors.EVENT_READ, hear)
    selector.register(sys.stdin, selectors.EVENT_READ, say)
    while True:
        for key, _ in selector.select():
            key.data(cpg)
