"""Several machines: sealed speech and control messages travel between them over NATS. See docs/machines.md.

On the clinic's machine run the pages, the media nodes and the spool that they write; on a speech machine only
transcription workers. Each has a courier, which makes the other's files and sockets look like its own.
"""
