"""The live timing tower: one widget that is sent only what changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from racelab.views.theme import css_variables
from racelab.views.tower_rows import Move, Row, changes, moved, tower_columns, tower_row, with_best_marks

_HERE = Path(__file__).parent
WAITING = "No car has been seen yet. Rows appear with the first timing line."


class Tower(anywidget.AnyWidget):
    """A timing tower; `show` puts a state on it and `selected` holds the cars that the viewer chose.

    The rows are a trait, changed in place and never sent as a whole by a change: a front end that
    joins late finds all of them there. Changes travel as messages that carry a revision, and a
    front end that missed one asks for the rows again.
    """

    _esm = (_HERE / "tower.js").read_text(encoding="utf-8")
    _css = css_variables() + (_HERE / "tower.css").read_text(encoding="utf-8")
    columns: Any = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows: Any = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode(WAITING).tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(columns=tower_columns([]), **traits)
        self._moves: dict[str, Move] = {}
        self._revision = 0
        self.on_msg(self._answer)

    def show(self, cars: Sequence[Any]) -> int:
        """Show these cars (`live.state.CarState`); returns the number of rows that were sent."""
        self._moves = {car.car_number: moved(self._moves.get(car.car_number), car.position, car.laps) for car in cars}
        rows = {car.car_number: tower_row(car, self._moves[car.car_number].way) for car in cars}
        rows = with_best_marks(rows, cars)
        columns: Any = tower_columns(cars)
        if columns != self.columns:
            self.columns = columns
        diff = changes(self.rows, rows)
        if diff:
            self._send_changes(rows, diff)
        return len(diff)

    def clear(self, note: str) -> None:
        """Take all rows away and say why."""
        self._moves = {}
        self.show([])
        self.note = note

    def _send_changes(self, rows: dict[str, Row], diff: dict[str, Row | None]) -> None:
        # Changed in place: assigning the trait would send every row.
        self.rows.clear()
        self.rows.update(rows)
        self._revision += 1
        self.send({"kind": "diff", "revision": self._revision, "rows": diff})

    def _answer(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("kind") == "hello":
            self.send({"kind": "full", "revision": self._revision, "rows": dict(self.rows)})
