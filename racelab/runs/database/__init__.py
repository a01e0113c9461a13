"""Looking after a store: what it holds, whether it is sound, copies of it."""
