"""Consented speech to captions: sealed frames, their spool, and the worker that opens and recognises them."""
