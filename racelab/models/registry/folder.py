"""One model in one folder, written as a whole or not at all: ``<target>/<series>/<trained_utc>-<digest8>/``."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from racelab import wall
from racelab.errors import BadInput, NotFound, StoreError
from racelab.models.registry.card import CARD, complete, read_card
from racelab.models.registry.parts import read_part, write_part

ROWS = "backtest.parquet"
ASIDE = ".new-"  # folders in the making: no listing shows them
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Saved:
    """A model that is kept: its folder, its card, and its parts by name."""

    path: Path
    card: dict[str, Any]
    parts: dict[str, Any]

    @property
    def name(self) -> str:
        """What predictions call it: target, series, folder."""
        return "/".join(self.path.parts[-3:])


def save(
    folder: Path, target: str, series: str, parts: Mapping[str, Any], card: Mapping[str, Any], rows: pd.DataFrame | None = None
) -> Path:  # fmt: skip
    """Keep a model beside those that are kept already; whoever reads meanwhile sees all of it or nothing.

    Args:
        folder: the folder of models.
        target: what it predicts: laptime, anomaly, finish, inrace or race.
        series: of which series.
        parts: its parts by name: estimators of XGBoost or scikit-learn, or plain data.
        card: what `card.NEEDED` names, and what else there is to say, as plain data.
        rows: the scored rows of its backtest.

    Returns:
        Its folder.

    Raises:
        BadInput: a name that is none, a card that lacks something, or a part that cannot be kept.
        StoreError: the folder cannot be written.
    """
    for name in (target, str(series), *parts):
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} is no name for a model or its part: use a-z, 0-9, '_', '-' and '.'")
    now, home = wall.now(), folder / target / str(series)
    whole = complete(card, target, str(series), now)
    try:
        home.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=home))
        try:
            digest = _write(aside, parts, whole, rows)
            return aside.rename(home / f"{now:%Y%m%dT%H%M%S.%fZ}-{digest[:8]}")
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{home} cannot be written ({error.strerror}): make room or choose RACELAB_DATA") from error


def load(path: Path) -> Saved:
    """The model in a folder.

    Raises:
        NotFound: there is none.
        BadInput: it is broken, or holds what racelab does not write.
    """
    card = read_card(path)
    return Saved(path, card, {name: read_part(path, entry) for name, entry in card["parts"].items()})


def rows(path: Path) -> pd.DataFrame:
    """The scored rows of a model's backtest.

    Raises:
        NotFound: it was kept without them.
        BadInput: their file is broken.
    """
    file = path / ROWS
    if not file.is_file():
        raise NotFound(f"{path} keeps no rows of a backtest: `racelab train` writes them")
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise BadInput(f"{file} is no Parquet file: train the model again") from error


def _write(aside: Path, parts: Mapping[str, Any], card: dict[str, Any], rows: pd.DataFrame | None) -> str:
    """Write all files, the card last; returns the digest of the parts and the card."""
    card = {**card, "parts": {name: write_part(aside, name, value) for name, value in parts.items()}}
    if rows is not None:
        rows.to_parquet(aside / ROWS, index=False)
    try:
        text = json.dumps(card, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise BadInput(f"the card holds what JSON does not ({error}): make it plain numbers and text") from error
    (aside / CARD).write_text(text, encoding="utf-8")
    aside.chmod(0o755)
    return sha256(text.encode()).hexdigest()
