"""Feeds of the running session, one file a service: connections in, raw frames out."""
