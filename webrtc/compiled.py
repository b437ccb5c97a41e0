"""Python compiled at its first run, for what every packet passes (docs/adr/0008); and memory it shares with objects.

Compiled code knows no objects. It is given addresses of rows: whoever writes the address of one into another keeps the
object that owns it, and takes the address back before letting go. numba comes with openai-whisper.
"""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast

import numba
import numpy as np
from llvmlite import binding
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from pylibsrtp._binding import ffi, lib

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Address = int

_HEAD_BYTES = 256  # of a row: single fields come first

_waiting: list[Callable[[], Any]] = []
_NUMBERS = {int: types.int64, float: types.float64}

_HERE = Path(__file__).parent
SOURCES = ("compiled.py", "lane.py", "wide.py", "rtp.py", "sdp.py")  # and what these take from others


def _digest() -> str:
    return hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in SOURCES)).hexdigest()[:16]


# What was compiled is kept beside the bytecode, or, where that cannot be written, in the user's cache. numba compares
# only a function's own file with what it kept; what is compiled into it must count too.
numba.config.CACHE_DIR = str(_HERE / "__pycache__" / f"compiled-{_digest()}")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Have it compiled, once for all processes where a cache can be written."""
    try:
        made = numba.njit(function, cache=True, boundscheck=True, error_model="numpy")
    except RuntimeError:  # no place to keep it
        made = numba.njit(function, boundscheck=True, error_model="numpy")
    takes = [_NUMBERS.get(parameter.annotation) for parameter in inspect.signature(function).parameters.values()]
    if None not in takes:
        _waiting.append(lambda: made.compile(tuple(takes)))
    return cast("Callable[P, R]", made)


def compile_now() -> None:
    """Compile what takes numbers alone, and all that it calls: a media node must not stop for it later."""
    while _waiting:
        _waiting.pop()()


def _outside(name: str, returns: Any, *takes: Any) -> Callable[..., int]:
    """A function of the C library. Addresses are given as integers."""
    return cast("Callable[..., int]", types.ExternalFunction(name, returns(*takes)))


def _of_libsrtp(name: str) -> Callable[..., int]:
    """srtp_protect and its kin: (session, packet, address of the length) -> status."""
    binding.add_symbol(f"colloque_{name}", int(ffi.cast("uintptr_t", ffi.addressof(lib, name))))
    return _outside(f"colloque_{name}", types.int32, types.intp, types.intp, types.intp)


protect, unprotect = _of_libsrtp("srtp_protect"), _of_libsrtp("srtp_unprotect")
protect_rtcp, unprotect_rtcp = _of_libsrtp("srtp_protect_rtcp"), _of_libsrtp("srtp_unprotect_rtcp")
receive = _outside("recv", types.intp, types.int32, types.intp, types.intp, types.int32)
send = _outside("send", types.intp, types.int32, types.intp, types.intp, types.int32)
wait = _outside("epoll_wait", types.int32, types.int32, types.intp, types.int32, types.int32)
copy = _outside("memcpy", types.intp, types.intp, types.intp, types.intp)
_clock = _outside("clock_gettime", types.int32, types.int32, types.intp)


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(_context: Any, address: Any) -> Any:
    """An integer as an address."""
    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), code


@compiled
def row(address: Address, layout: Any) -> Any:
    """The row of this layout that lies there."""
    return numba.carray(_pointer(address), (1,), layout)[0]


@compiled
def octets(address: Address, length: int) -> Any:
    """The bytes that lie there."""
    return numba.carray(_pointer(address), (length,), np.uint8)


@compiled
def two(data: Any, at: int) -> int:
    """A number of two octets in network order."""
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])  # type: ignore[return-value]


@compiled
def four(data: Any, at: int) -> int:
    """A number of four."""
    return two(data, at) << 16 | two(data, at + 2)


@compiled
def put_four(data: Any, at: int, value: int) -> None:
    """Write a number of four octets in network order."""
    for n in range(4):
        data[at + n] = value >> 24 - 8 * n & 0xFF


@compiled
def clock_s(room: Address) -> float:
    """Monotonic seconds; `room`: sixteen bytes to write to."""
    _clock(1, room)
    parts = numba.carray(_pointer(room), (2,), np.int64)
    return float(parts[0] + parts[1] * 1e-9)


def field_at(layout: np.dtype[Any], name: str) -> int:
    """Where a field begins, in bytes."""
    return int(layout.fields[name][1])  # type: ignore[index]


class Row:
    """An object whose state lies in memory that compiled code reads and writes."""

    layout: ClassVar[np.dtype[Any]]

    def __init__(self) -> None:
        self.memory = np.zeros(1, self.layout)
        self.row = self.memory[0]
        self.address: Address = self.memory.ctypes.data
        head = self.memory.view(np.uint8)[:_HEAD_BYTES].data
        self.integers, self.reals = head.cast("q"), head.cast("d")  # single fields, much quicker than through numpy


class Cell(Generic[T]):
    """A field of an object's row as an attribute of the object. kind: int, float or bool."""

    def __init__(self, kind: Callable[[Any], T]) -> None:
        self._kind = kind
        self._view = "reals" if kind is float else "integers"

    def __set_name__(self, owner: type[Row], name: str) -> None:
        self._at = field_at(owner.layout, name.lstrip("_")) // 8

    def __get__(self, owner: Row, _: type) -> T:
        return self._kind(getattr(owner, self._view)[self._at])

    def __set__(self, owner: Row, value: T) -> None:
        getattr(owner, self._view)[self._at] = value
