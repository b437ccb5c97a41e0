"""Servers and a load generator to measure the media node against."""
