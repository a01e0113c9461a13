"""Where the service keeps what: addresses, groups and messages, in the vendor's words."""

URL = "https://insights.griiip.com"
# The World Endurance Championship among all the series and simulators that the service carries.
SERIES_ID, DOMAIN = 10, "RealWorld"
SCHEDULE, INFOS, SESSIONS = "/meta/sessions-schedule-live", "/live/session-info/", "/meta/sessions"
SID, ID, SERIES_KEY, DOMAIN_KEY, START, IS_RACE, HIDDEN, KIND = (
    "sid", "id", "seriesId", "domain", "startTime", "isRaceSession", "hideFromUsers", "sessionType",
)  # fmt: skip
# Words of a session's type for what is no race; what has none of them may be one.
NO_RACE = ("practice", "qualif", "hyperpole", "warm", "test")

# Parts by the name that stands in a frame. What changes all the time is asked for in every round, the rest in some.
OFTEN = {
    "session-clock": "/live/session-clock/{sid}", "race-flags": "/live/race-flags/{sid}",
    "pit-in": "/live/pit-in/{sid}", "pit-out": "/live/pit-out/{sid}", "laps": "/live/laps/{sid}",
    "sectors/current-lap": "/live/sectors/{sid}/current-lap", "ranks": "/live/ranks/{sid}", "gaps": "/live/gaps/{sid}",
}  # fmt: skip
SELDOM = {
    "session-info": "/live/session-info/{sid}", "session-length-limit": "/live/session-length-limit/{sid}",
    "participants": "/live/participants/{sid}",
    "participants-running-status": "/live/participants-running-status/{sid}",
    "racelog-items/paged": "/live/racelog-items/{sid}/paged", "best-laps": "/live/best-laps/{sid}",
    "sectors": "/live/sectors/{sid}", "weather-current": "/live/weather-current/{sid}",
    "tires-current": "/live/session/{sid}/tires-current",
}  # fmt: skip
BOOTSTRAP = "/api/v2/public/live/session/{sid}/bootstrap?includeViewers=false&includeUnclassifiedRanks=false"
WHOLE_LOG = "/live/racelog-items/{sid}"
CLOCK_PART, LOG_PART, LAPS_PART = "session-clock", "racelog-items", "laps"
# What stands in the bootstrap alone.
GRID_KEY = "grids"
# Words that are other ones in every answer, although nothing has happened.
RESTLESS = ("tsNow", "connectionStatus", "currentViewersCount", "totalViewersCount")
# What names a record within its part.
NAMES = ("pid", "lapNumber", "sectorNumber", "raceFlagID", "raceLogItemId", "sessionPart")
# The bootstrap's keys for the same records as these parts.
SAME = {
    "sessionInfo": "session-info", "participants": "participants", "raceFlags": "race-flags", "ranks": "ranks",
    "gaps": "gaps", "laps": "laps", "bestLaps": "best-laps", "sectors": "sectors", "pitIns": "pit-in",
    "runningStatuses": "participants-running-status", "sessionLengthLimit": "session-length-limit",
    "currentLapSectors": "sectors/current-lap", "weather": "weather-current", "tires": "tires-current",
}  # fmt: skip

# Push: one group for the whole session, or one for each channel.
HUB, JOIN, GROUP, CHANNEL_GROUP = "/live-session-stream", "JoinGroup", "SID-{sid}", "SID-{sid}-{channel}"
BATCH, CHANNEL_TARGET, ITEMS, CHANNEL, VIEW = "ReceiveBatch", "lv-", "items", "channel", "view"
CHANNELS = (
    "session-info", "session-clock", "race-flags", "participants", "ranks", "gaps", "laps", "sectors", "pit-in",
    "pit-out", "race-log", "official-rank", "tires", "cars-energy-tanks", "Weather", "participants-running-status",
    "session-length-limit",
)  # fmt: skip
# Their coming proves that the timing flows; keep-alives do not.
TIMING = ("ranks", "gaps", "laps", "official-rank")
# Many times as much as all the rest, and nothing that is stored.
LEFT_OUT = ("car-telemetry", "predicted-ranks")
