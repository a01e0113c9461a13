"""Readers: vendor files or messages in, domain records out; one file for each provider and product."""
