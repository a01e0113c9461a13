"""The parts of the race report, one call each, for `notebooks/reports/race.ipynb`."""

import pandas as pd
from IPython.display import HTML, Markdown
from plotly.graph_objects import Figure

import racelab as rl
from racelab.domain.sessions import SessionKey
from racelab.domain.time import format_clock, format_duration
from racelab.views import html, race_figures, race_tables
from racelab.views.race import Race, fastest, text, whole
from racelab.views.race_facts import margin, moments, spell

_FIRST = 10


def load_race(session: str | int) -> Race:
    """Everything that the report of a session needs.

    Raises:
        NotFound: the store has no such session.
    """
    laps = rl.load_laps(session)
    rows = rl.load_sessions()
    row = rows[rows["id"] == SessionKey.read(laps.attrs["session"]).session_id]
    return Race(
        {str(key): value for key, value in row.iloc[0].to_dict().items()},
        laps,
        rl.load_entries(session),
        rl.load_results(session),
        rl.load_pit_stops(session),
        rl.load_track_status(session),
        rl.load_repairs(session),
        rl.load_provenance(session),
    )


def head(race: Race) -> Markdown:
    """The title, where and when, and who won."""
    key = SessionKey.of_id(int(race.session["id"]))
    place = text(race.session["circuit"])
    start = race.session["start_utc"]
    when = str(key.season) if pd.isna(start) else f"{start.day} {start:%B %Y, %H:%M} UTC"
    lines = [f"# {_escape(race.session['event'])} {key.season}{'' if key.code == 'R' else ', ' + key.name}"]
    lines.append(_escape(" · ".join(part for part in (key.series.label, key.name, place, when) if part)))
    if race.front:
        won, laps = race.front[0], whole(race.classification["laps"].iloc[0])
        by = margin(race)
        ahead = f", {by} ahead of {race.name(race.front[1])}" if by else ""
        lines.append(f"**{_escape(race.name(won))} won after {laps} laps{_escape(ahead)}.**")
    return Markdown("\n\n".join(lines))


def key_facts(race: Race) -> HTML:
    """Winner, margin, fastest lap, race time, neutralisations and changes of the lead, large."""
    first, best = race.classification.head(1), fastest(race)
    neutrals, length = race_tables.neutral_share(race)
    pairs: list[tuple[str, str, str | None]] = []
    if len(first):
        crew = (text(first[key].iloc[0]) for key in ("driver", "team"))
        pairs.append(("Winner", f"#{race.front[0]}", ", ".join(part for part in crew if part) or None))
        pairs.append(
            ("Race time", format_clock(whole(first["total_time_ms"].iloc[0])), f"{first['laps'].iloc[0]} laps")
        )
    for lap in best.to_dict("records"):
        who = " ".join([f"#{lap['car_number']}", text(lap["driver"]) or ""]).strip() + f", lap {lap['lap_number']}"
        pairs.append(("Fastest lap", format_duration(lap["lap_time_ms"]), who))
    kinds = ", ".join(race_tables.flag_names(race)).lower()
    pairs.append(("Neutralised", str(neutrals), f"{spell(length)} in all: {kinds}" if neutrals else None))
    pairs.append(("Changes of the lead", str(race.lead_changes), f"{race.leaders.nunique()} at the front"))
    pairs.append(("Stops", f"{len(race.stops):,}", f"{race.stops['car_number'].nunique()} cars"))
    return html.facts(pairs)


def decided(race: Race) -> HTML:
    """The moments that decided it."""
    return html.listed(moments(race) or ["The laps show no single moment that decided this race."], ordered=True)


def results(race: Race, first: int | None = _FIRST) -> HTML:
    """The first cars of the classification, or all."""
    return html.table(race_tables.result_table(race, first), race_tables.STOP_HEADINGS, minor=_minor(race))


def class_winners(race: Race) -> HTML:
    """The winner of each class; nothing where there is one class."""
    frame = race_tables.class_winners(race)
    return html.table(frame, caption="Class winners", minor=_minor(race)) if len(frame) > 1 else HTML("")


def fastest_laps(race: Race) -> HTML:
    """The fastest laps, by class or car."""
    return html.table(race_tables.fastest_table(race))


def _minor(race: Race) -> set[str]:
    """The columns that a phone can do without: crews where cars have several drivers, else teams."""
    crews = race.classification["driver"].fillna("").str.contains(" / ", regex=False).any()
    return {"status", "class_position", "driver" if crews else "team"}


def gaps(race: Race) -> Figure:
    """The first cars' gap to the leader."""
    return race_figures.gaps(race)


def places(race: Race) -> Figure:
    """Every car's place by lap."""
    return race_figures.places(race)


def lap_times(race: Race) -> Figure:
    """The first cars' lap times."""
    return race_figures.lap_times(race)


def stints(race: Race) -> Figure:
    """Stints and tyres."""
    return race_figures.stints(race)


def stops(race: Race) -> HTML:
    """Each car's stops in one row; a sentence where the source tells of none."""
    if race.stops.empty:
        return HTML("<p>The source tells of no stops.</p>")
    return html.table(race_tables.stops_table(race), race_tables.STOP_HEADINGS)


def flags(race: Race) -> HTML:
    """Neutralisations; a sentence where there was none."""
    frame = race_tables.flags_table(race)
    if frame.empty:
        return HTML("<p>The race was not neutralised, as far as the source tells.</p>")
    return html.table(frame, race_tables.STOP_HEADINGS)


def sources(race: Race) -> HTML:
    """Where the data came from, whose classification it is, what the source lacks."""
    kinds = {"official": "the official results", "provisional": "provisional results", "road": "the order on the road"}
    sentences = [
        f"The classification is {kinds.get(race.kind, 'computed from the laps: laps done, then the time of the last line')}."
    ]
    for row in race.provenance.to_dict("records"):
        sentences.append(
            f"Read by {row['source']} (version {row['version']}) from {row['location']} on {row['read_utc']:%Y-%m-%d}."
        )
        if text(row["missing"]):
            sentences.append(f"The source lacks: {row['missing']}.")
    untimed = int(race.laps["lap_time_ms"].isna().sum())
    sentences.append(f"{len(race.laps):,} laps of {len(race.entries)} cars are held; {untimed} of them have no time.")
    return html.listed(sentences)


def repairs(race: Race) -> HTML:
    """What named rules changed, and why."""
    if race.repairs.empty:
        return HTML("<p>Nothing was repaired.</p>")
    return html.table(race_tables.repairs_table(race), {"n": "Rows"})


def _escape(words: object) -> str:
    """Text that Markdown takes as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]#|" else sign for sign in str(words))
