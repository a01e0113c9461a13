"""The parts of a model's card, one call each, for `notebooks/reports/model_card.ipynb`."""

from typing import Any

import pandas as pd
from IPython.display import HTML, Markdown
from plotly.graph_objects import Figure

from racelab.domain.series import Series
from racelab.models.backtests import LESS_IS_BETTER, MODEL, Backtest
from racelab.models.finish.scores import calibration
from racelab.runs import model_card_data as data
from racelab.runs.model_card_data import ModelCard
from racelab.settings import get_settings
from racelab.views import html
from racelab.views.model_figures import calibration_figure, coverage_figure, cut_figure, importance_figure
from racelab.views.race_figures import captioned

TITLES = {
    "laptime": "Lap time", "anomaly": "Anomalies", "finish": "Finishing order before the race",
    "inrace": "Finishing order during the race",
}  # fmt: skip
# What each score is called, over a column of a table, and how many decimals tell it.
SCORES = {
    "mae_ms": ("Mean absolute error, ms", "MAE, ms", 1), "median_ae_ms": ("Median absolute error, ms", "Median AE, ms", 1),
    "coverage_80": ("Inside the interval of 80 %", "In 80 %", 3), "coverage_90": ("Inside the interval of 90 %", "In 90 %", 3),
    "spearman": ("Correlation of the orders (Spearman)", "Spearman", 3), "place_mae": ("Mean error of the place, places", "Place error", 2),
    "order_mae": ("Mean error of the order, places", "Order error", 2), "winner_hit": ("Winner named, share of races", "Winner", 3),
    "podium_hit": ("Podium named, share of places", "Podium", 3), "brier_win": ("Brier score of the win", "Brier, win", 4),
    "brier_retires": ("Brier score of retiring", "Brier, retiring", 4), "precision": ("Precision", "Precision", 3), "recall": ("Recall", "Recall", 3),
    "f1": ("F1", "F1", 3), "delay_laps": ("Delay, laps", "Delay, laps", 2), "recall_at_80": ("Recall at precision 0.8", "Recall at P 0.8", 3),
    "events": ("Events flagged", "Flagged", 0), "labels": ("Events known", "Known", 0), "left_out": ("Known, but not judged", "Not judged", 0),
    "races": ("Races", "Races", 0), "ceiling_spearman": ("Spearman if only retirements were unknown", "Spearman at most", 3),
    "ceiling_place_mae": ("Place error if only retirements were unknown", "Place error at least", 2),
}  # fmt: skip
_MISSES = 10
_WIDE = 8  # columns of scores that fit on the page
_HEADINGS = {"answer": "Answer", "to_best_baseline": "To the best naive", "source": "Laps", "n": "n", "label": "Kind of event"}  # fmt: skip


_METHOD = (
    "Every row was predicted by a model that had learned from what was over before its event began, and within a race from "
    "what had ended by then; nothing was split at random. The other answers are scored on the same rows. n counts the scored "
    "rows. An interval of 90 % should hold 90 % of what came, in every class, on every tyre and in every phase: where it does "
    "not, the figure above shows it. A model that does not beat the best naive answer is kept with its card, and not used."
)


def load_card(target: str, series: str) -> ModelCard:
    """The newest model of a target and series, from the data folder."""
    return data.read_model(get_settings().data / "models", target, series)


def head(model: ModelCard) -> Markdown:
    """The title, and in a sentence whether the model is better than the naive answer, and on how much data."""
    name = f"# {TITLES[model.target]}, {Series(model.series).label}: model card"
    if model.card is None:
        return Markdown(f"{name}\n\n**Not trained: {_escape(model.missing, but='`')}**")
    verdict = "It passed its backtest" if model.card["passed"] else "It did not pass its backtest, and is not used"
    lines = [name, f"**{_escape(_answer(model))}**", f"{verdict}: {_escape(_sentence(model.card['why']))} {_escape(model.used)}".strip()]  # fmt: skip
    return Markdown("\n\n".join(lines))


def _answer(model: ModelCard) -> str:
    document, score = model.document, model.first_score
    own, best = document["score"][score], data.best_baseline(model)
    words = _named(score)[0]
    span = _span(document)
    unit = f" {_unit(score)}" if score.endswith("_ms") else ""
    told = f"{words.removesuffix(', ms')} {_shown(score, own)}{unit} on {document['n']:,} rows of {span}"
    if best is None or own is None:
        return f"{told}; there is no naive answer to compare it with."
    naive = document["baselines"][best][score]
    better = (own < naive) if score in LESS_IS_BETTER else (own > naive)
    by = f" ({own / naive:.2f} of it)" if naive and score in LESS_IS_BETTER else ""
    return f"{told}, {'better' if better else 'no better'} than the best naive answer, {best.replace('_', ' ')}: {_shown(score, naive)}{unit}{by}."


def _span(document: dict[str, Any]) -> str:
    first, last = document["from"], document["to"]
    return str(first) if first == last else f"{first} to {last}"


def heading(model: ModelCard, words: str) -> Markdown:
    """A section's heading; nothing where there is no model to tell of."""
    return Markdown(f"## {words}" if model.card else "")


def method(model: ModelCard) -> Markdown:
    """How the backtest was run, and what its words mean."""
    return Markdown(f"## Method\n\n{_METHOD}" if model.card else "")


def key_facts(model: ModelCard) -> HTML:
    """Scores, rows, sessions learned from and the date, large."""
    if model.card is None:
        return HTML("")
    held = model.card["data"]
    pairs: list[tuple[str, str, str | None]] = []
    for score, value in list(model.document["score"].items())[:4]:
        pairs.append((_named(score)[0].split(",")[0], _shown(score, value), _unit(score)))
    pairs.append(("Scored", f"{model.document['n']:,}", f"rows of {_span(model.document)}"))
    pairs.append(("Learned from", f"{held.get('n', 0):,}", _sessions(held)))
    pairs.append(("Trained", str(model.card["trained_utc"])[:10], str(model.card["model"]).replace("_", " ")))
    return html.facts(pairs)


def _sessions(held: dict[str, Any]) -> str:
    sessions = held.get("sessions")
    count = len(sessions) if isinstance(sessions, list) else sessions
    return f"rows of {count} sessions, {held.get('first')} to {held.get('last')}"


def scores(model: ModelCard) -> HTML:
    """The model's scores and every naive answer's, in one table."""
    if model.card is None:
        return HTML("")
    frame = Backtest(model.document, model.rows).frame
    frame = frame[[name for name in frame.columns if frame[name].notna().any()]]
    frame["answer"] = frame["answer"].str.replace("_", " ")
    if "to_best_baseline" in frame:
        frame["to_best_baseline"] = [f"{value:.3f}" if pd.notna(value) else None for value in frame["to_best_baseline"]]
    caption = f"Walk-forward by event, {_span(model.document)}, n = {model.document['n']:,}"
    return _turned(frame, caption) if len(frame.columns) > _WIDE else _table(frame, caption)


def _turned(frame: pd.DataFrame, caption: str) -> HTML:
    """Many scores stand below one another, an answer a column, for they are wider than the page."""
    turned = _worded(frame).rename(columns=_HEADINGS).set_index("Answer").T.rename_axis("Score").reset_index()
    return html.table(turned, {}, caption, right=[str(name) for name in turned.columns[1:]])


def _table(frame: pd.DataFrame, caption: str | None = None) -> HTML:
    """Scores as a table; all but names stand at the right."""
    worded = _worded(frame)
    right = [str(name) for name in worded.columns if name not in ("answer", "source", "label")]
    return html.table(worded, _HEADINGS, caption, right=right)


def _worded(frame: pd.DataFrame) -> pd.DataFrame:
    """Scores as text with their decimals, under their names."""
    found = frame.copy()
    for name in frame.columns:
        base = name.removeprefix("now_")
        if base in SCORES:
            found[name] = [_shown(base, value) if pd.notna(value) else None for value in frame[name]]
    return found.rename(columns={name: _named(name)[1] for name in frame.columns if name in SCORES})


def by_cuts(model: ModelCard, *cuts: str) -> Figure | HTML:
    """The first score by the first of these cuts that the backtest has, beside the best naive answer's."""
    if model.card is None:
        return HTML("")
    held = data.cut_scores(model)
    cut = next((each for each in cuts if each in held), None)
    if cut is None:
        return HTML("")
    naive, frame = data.best_baseline(model) or "", held[cut]
    if cut not in ("season", "share", "phase"):
        frame = frame.sort_values("model", ignore_index=True)
    elif cut == "phase":  # in the order of the race, not of the alphabet
        frame = frame.sort_values("name", key=lambda names: names.map(_when), kind="stable", ignore_index=True)
    words = _named(model.first_score)[0]
    figure = cut_figure(frame, f"{words.split(',')[0]}, by {data.CUTS[cut]}", words, naive)
    return captioned(figure, _cut_sentence(model, frame), None)


def _when(phase: str) -> int:
    """The place of a phase such as first third; behind the others where its first word tells none."""
    order = ("first", "start", "early", "second", "middle", "third", "late", "last", "end")
    word = phase.split(maxsplit=1)[0].lower()
    return order.index(word) if word in order else len(order)


def _cut_sentence(model: ModelCard, frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["naive"])
    if known.empty:
        return "Filled dots are the model; the number after each name is n."
    less = model.first_score in LESS_IS_BETTER
    better = (known["model"] < known["naive"]) if less else (known["model"] > known["naive"])
    worse = ", ".join(known.loc[~better, "name"].head(6))
    rest = f"; not in {worse}" if worse else ""
    return f"The model is better in {int(better.sum())} of {len(known)}{rest}. The number after each name is n."


def coverage(model: ModelCard) -> Figure | HTML:
    """How often the intervals held, in all and by class, tyre, phase and season; a sentence where there are none."""
    if model.card is None:
        return HTML("")
    if model.target == "anomaly":
        return HTML("<p>An anomaly's score is a rank, not a chance: it has no interval.</p>")
    frame = data.coverages(model)
    if frame.empty:
        return HTML("<p>The predictions of this model have no intervals.</p>")
    told = frame[frame["level"] == frame["level"].max()]
    low, high = told.loc[told["share"].idxmin()], told.loc[told["share"].idxmax()]
    words = f"The interval of {low['level']} % held least in {_group(low)} ({low['share']:.1%} of {low['n']:,}) and most in {_group(high)} ({high['share']:.1%} of {high['n']:,})."  # fmt: skip
    return captioned(coverage_figure(frame), words, None)


def _group(row: "pd.Series[Any]") -> str:
    return "all rows" if row["cut"] == "all" else f"{row['cut']} {row['name']}"


def chances(model: ModelCard, chance: str) -> Figure | HTML:
    """The calibration curve of a chance: p_win, p_podium or p_retires."""
    came = {"p_win": "winning", "p_podium": "a podium", "p_points": "points", "p_retires": "retiring"}
    rows = model.rows
    if model.card is None or chance not in rows.columns or "came" not in rows.columns:
        return HTML("")
    happened = _happened(rows, chance)
    if happened is None:
        return HTML("")
    curve = calibration(rows[chance], happened)
    brier = float(((rows[chance] - happened) ** 2).mean())
    base = float(happened.mean())
    figure = calibration_figure(curve, came[chance])
    words = f"Brier score {brier:.4f} over {len(rows):,} rows; always saying {base:.1%} would score {base * (1 - base):.4f}. Bars are intervals of 90 %."  # fmt: skip
    return captioned(figure, words, None)


def _happened(rows: pd.DataFrame, chance: str) -> "pd.Series[float] | None":
    places = {"p_win": 1, "p_podium": 3, "p_points": 10}
    if chance in places:
        return rows["came"].le(places[chance]).astype(float)
    found = next((name for name in ("retired", "out") if name in rows.columns), None)
    return rows[found].astype(float) if found else None


def real_and_generated(model: ModelCard) -> HTML:
    """Precision, recall and delay: the real races' row and the generated ones' side by side."""
    rows = [row for row in model.document.get("by", []) if "source" in row and "season" not in row and "label" not in row]  # fmt: skip
    if not rows:
        return HTML("")
    frame = pd.DataFrame(rows)
    keys = [name for name in ("source", "answer", "n", *SCORES) if name in frame.columns]
    frame = frame[keys].assign(answer=frame["answer"].str.replace("_", " "), n=[f"{n:,}" for n in frame["n"]])
    words = "Real races first: labels are what race control, stops and retirements tell, and hold only part of what goes wrong; generated races know every mishap."  # fmt: skip
    return HTML(f"<p>{words}</p>" + _table(frame).data)


def kinds(model: ModelCard) -> HTML:
    """Recall by kind of event."""
    rows = [row for row in model.document.get("by", []) if row.get("label") and row.get("answer", MODEL) == MODEL]
    if not rows:
        return HTML("")
    frame = pd.DataFrame(rows)
    keys = [name for name in ("source", "label", "n", "recall", "delay_laps", "left_out") if name in frame.columns]
    frame = frame[keys].sort_values(["source", "n"], ascending=[False, False])
    frame["label"] = frame["label"].str.replace("_", " ")
    return _table(frame, "By kind of event")


def worst(model: ModelCard) -> HTML:
    """The predictions that were farthest off, one a car and session."""
    if model.card is None:
        return HTML("")
    if model.target == "anomaly":
        return HTML("<p>What was missed stands above, by kind of event.</p>")
    frame = data.misses(model.rows, _MISSES)
    if frame.empty:
        return HTML("<p>The backtest keeps no rows with a prediction and what came.</p>")
    shown = pd.DataFrame({"session": _where(frame)})
    for key, heading in (("car_number", "Car"), ("driver", "Driver"), ("class", "Class"), ("lap_number", "Lap"), ("share", "Share of the distance")):  # fmt: skip
        if key in frame.columns and frame[key].replace("", None).notna().any():
            shown[heading] = [str(value) for value in frame[key]]
    is_time = model.target == "laptime"
    for key, heading in (("came", "Came"), ("said", "Predicted"), ("low_90", "From (90 %)"), ("high_90", "To (90 %)")):
        if key in frame.columns:
            shown[heading] = [_told(value, is_time) for value in frame[key]]
    shown["Off"] = [f"{value / 1000:+.3f} s" if is_time else f"{value:+.1f}" for value in frame["off"]]
    return html.table(shown, {"session": "Session"}, f"The {len(shown)} worst, one a car and session")


def _where(frame: pd.DataFrame) -> list[str]:
    name = next((each for each in ("session_name", "session", "race") if each in frame.columns), None)
    return [str(value) for value in frame[name]] if name else ["–"] * len(frame)


def _told(value: float, is_time: bool) -> str:
    if pd.isna(value):
        return "–"
    return html.shown("x_ms", round(float(value))) if is_time else f"{value:.1f}"


def features(model: ModelCard) -> Figure | HTML:
    """What the features weigh; a sentence where the model does not tell."""
    if model.card is None:
        return HTML("")
    shares, how = data.importance(model)
    if shares.empty:
        return HTML("<p>This model has no trees to weigh its features by; their list stands below.</p>")
    top = ", ".join(f"{name} ({share:.0%})" for name, share in shares.head(3).items())
    return captioned(importance_figure(shares, how), f"The heaviest are {top}. A weight is no cause.", None)


def about(model: ModelCard) -> HTML:
    """What the model is: kind, data, features, seeds, versions."""
    card = model.card
    if card is None:
        return HTML("")
    lines = [
        f"Model: {card['model']}. Target: {model.target}. Series: {Series(model.series).label}.",
        f"Data: {card['data'].get('n', 0):,} {_sessions(card['data'])}.",
        f"Features: {_joined(card['features'])}.",
        f"Seeds: {_joined(card['seeds'])}.",
        f"Versions: {_joined(card['versions'])}.",
        f"Trained: {card['trained_utc']}.",
    ]
    return html.listed(lines)


def scope(model: ModelCard) -> HTML:
    """What the model is for, and for what not."""
    if model.card is None:
        return HTML("")
    return html.listed([*_sentences(model.card["scope"]), *_sentences(model.card["limits"])])


def _sentences(told: object) -> list[str]:
    return [_sentence(str(each)) for each in told] if isinstance(told, list | tuple) else [_sentence(str(told))]


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _joined(told: object) -> str:
    if isinstance(told, dict):
        return ", ".join(f"{key} {value}" for key, value in told.items())
    return ", ".join(map(str, told)) if isinstance(told, list | tuple) else str(told)


def _named(score: str) -> tuple[str, str, int]:
    words = score.replace("_", " ").capitalize()
    return SCORES.get(score, (words, words, 3))


def _unit(score: str) -> str | None:
    words = _named(score)[0]
    return words.split(", ", 1)[1] if ", " in words else None


def _shown(score: str, value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:,.{_named(score)[2]}f}"


def _escape(words: object, but: str = "") -> str:
    """Text that Markdown takes as it is, ``but`` for these signs."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]#|" and sign not in but else sign for sign in str(words))
