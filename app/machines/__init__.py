"""Several machines: sealed speech and control messages travel between them over NATS. See docs/machines.md.

On the clinic's machine run the pages and the spool that they play; on a speech machine only transcription workers, on a
media machine only media nodes. Each has a courier, which makes the others' files and sockets look like its own.
"""
