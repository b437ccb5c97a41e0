"""RTP headers read and rewritten in place (RFC 3550, RFC 8285, RFC 4588). Pure and quick: every packet passes here."""

import struct

from webrtc.sdp import TRANSPORT_SEQUENCE_ID

HEADER = struct.Struct(">BBHII")  # V P X CC, M PT, sequence, timestamp, SSRC
HEADER_BYTES = 12
EXTENDED = struct.Struct(">BBHIIHH")  # the same, no CSRC, and what begins a header extension: profile, words
PLAIN_EXTENDED = 0x90  # first byte of such a packet: an extension, no padding
PADDING_BIT, EXTENSION_BIT, CSRC_MASK = 0x20, 0x10, 0x0F
ONE_BYTE_PROFILE = 0xBEDE
STOP_ID = 15  # of a one-byte element: whoever reads stops there
NUMBER = struct.Struct(">H")
_EXTENSION = struct.Struct(">HH")
NUMBER_HEAD = TRANSPORT_SEQUENCE_ID << 4 | 1  # of the one-byte header extension: identifier, octets less one

Parsed = tuple[int, int, int, int, int, int, int, int]


def parse(packet: bytes) -> Parsed | None:
    """First byte, second byte, sequence, timestamp, SSRC, payload begin, payload end, transport-wide place.

    The place is 0 when there is no such number. None when it is not RTP: wrong version, truncated, too much padding; or
    when its extension could be read in more than one way, so that a number of the sender's own would pass for ours.
    """
    length = len(packet)
    if length < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
    begin, end, place = HEADER_BYTES + 4 * (first & CSRC_MASK), length, 0
    if first & EXTENSION_BIT:
        if length < begin + 4:
            return None
        profile, words = _EXTENSION.unpack_from(packet, begin)
        at = begin + 4
        begin = at + 4 * words
        if profile != ONE_BYTE_PROFILE or begin > length:
            return None
        place = _transport_sequence(packet, at, begin)
        if place < 0:
            return None
    if first & PADDING_BIT:
        end = length - packet[-1]
        if end == length:
            return None
    if first >> 6 != 2 or begin > end:
        return None
    return first, second, sequence, timestamp, ssrc, begin, end, place


def _transport_sequence(packet: bytes, at: int, end: int) -> int:
    """-1 where an element is not as it must be; see lane.number_place."""
    place = 0
    while at < end:
        head = packet[at]
        if head >> 4 == STOP_ID:
            break
        if head == 0:  # padding between elements
            at += 1
            continue
        if head >> 4 == 0 or (head >> 4 == TRANSPORT_SEQUENCE_ID and (head != NUMBER_HEAD or place)):
            return -1
        if head == NUMBER_HEAD:
            place = at + 1
        at += 2 + (head & 15)
    return place if at <= end else -1


def unwrap_rtx(packet: bytes, parsed: Parsed, payload_type: int, ssrc: int) -> tuple[bytes, int] | None:
    """The lost packet inside a retransmission and its sequence number; None for a probe that holds nothing."""
    first, second, _, timestamp, _, begin, end, _ = parsed
    if end - begin <= 2:
        return None
    sequence: int = NUMBER.unpack_from(packet, begin)[0]
    header = HEADER.pack(first & ~PADDING_BIT, second & 0x80 | payload_type, sequence, timestamp, ssrc)
    return header + packet[HEADER_BYTES:begin] + packet[begin + 2 : end], sequence


def extend(sequence: int, highest: int) -> int:
    """The 16-bit sequence number, counted on without wrapping, nearest to `highest`."""
    ahead = (sequence - highest) & 0xFFFF
    return highest + ahead if ahead < 0x8000 else highest + ahead - 0x10000
