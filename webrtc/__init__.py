"""The media node: forwards RTP between the participants of a room without decoding it (docs/protocol.md)."""
