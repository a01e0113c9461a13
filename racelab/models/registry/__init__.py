"""Models on disk: every one that was trained stays, with a card that says what it is and how well it does."""

from racelab.models.registry.card import versions
from racelab.models.registry.folder import Saved, load, rows, save
from racelab.models.registry.shelf import listing, newest, newest_path, prune

__all__ = ["Saved", "listing", "load", "newest", "newest_path", "prune", "rows", "save", "versions"]
