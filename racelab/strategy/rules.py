"""The few figures of the simulator's rules that lap times do not tell; all of them are chosen."""

CATCH_UP = 1.15  # pace of a car that closes up to the queue behind the safety car, over its clean lap
QUEUE_MS = 1_000.0  # time between cars of that queue
BEHIND_MS = 500.0  # where a car ends that does not get past
WINDOWS = 4  # at most so many neutralisations a race
NO_STOP_LAPS = 3  # no planned stop with fewer laps left
LEAST_SHARE = 0.5  # a lap takes at least this share of the base, whatever is drawn
