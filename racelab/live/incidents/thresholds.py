"""What counts as an incident: bounds on times in ms, each with its reason."""

# A clean lap or sector counts towards a car's own pace; the median of so many follows fuel, tyres and weather.
RECENT = 7
# Fewer tell no pace: one lap in traffic or in an out-lap's wake would be half of it.
FEWEST = 3

# A sector is lost by more than traffic and a yellow flag on the way: together they cost up to 5 s, at most a tenth of it.
LOSS_FLOOR_MS, LOSS_SHARE = 6_000, 0.12
# Whole laps, where sectors are not told, hold three times as much traffic.
LAP_LOSS_FLOOR_MS, LAP_LOSS_SHARE = 8_000, 0.08
# Back at pace: within half of what counts as a loss.
PACE_PART = 0.5
# Where this share of the others lost as well in the same sector, it is the track, not the car.
OTHERS_SLOW_SHARE, OTHERS_FEWEST = 0.3, 4
# Others are compared over the last lap or so: longer, and a shower of rain would be half over.
OTHERS_WINDOW_LAPS = 1.3
# A slow phase that nobody told yet shows in whatever sector each car does next.
OTHERS_NOW_LAPS = 0.5
# A car that is overdue is waited for longer where the others of the last laps were slow.
OTHERS_OVERDUE_LAPS = 2.0
# A neutral phase's end reaches the cars one after another: the field is at speed again about then.
RESTART_MS = 30_000

# Beyond any reasonable lap: under green a lap with a spin or a puncture takes less than twice the usual one.
STOPPED_LAPS, STOPPED_LAPS_CONFIRMED = 2.0, 3.0
# Where sector lines are told too, a car that passed none for a whole lap has missed at least two.
MISSING_LAPS, MISSING_LAPS_CONFIRMED = 1.0, 1.5
# Behind a safety car or under a full-course yellow a lap takes about twice its time.
NEUTRAL_SLOWER = 2.0
# Where this share of the field is late together, the race is slowed or halted, and nobody told.
LATE_LAPS, LATE_SHARE = 0.4, 0.25
# A car that the provider calls stopped and that is still so a while later is not just slow in a corner.
STOPPED_TOLD_MS = 20_000
# Later than this a stopped car has been recovered, or nobody tells.
STOPPED_KEPT_MS = 15 * 60_000

# A stop is compared with the class's own: refuelling in endurance takes a minute, tyres in Formula 1 20 s in the lane.
# New tyres, another driver and brakes on top of fuel stay within twice the usual.
USUAL_STOPS, FEWEST_STOPS = 30, 3
LONG_STOP_FLOOR_MS, LONG_STOP_SHARE = 15_000, 1.0
VERY_LONG_STOP_FLOOR_MS, VERY_LONG_STOP_SHARE = 30_000, 2.0
# Without stops of others to compare with, no service takes as long as this.
LONG_STOP_ALONE_MS = 180_000

# Race control names what the timing showed before, and the timing shows what race control named, about so much apart.
LINK_MS = 120_000
# A yellow flag that comes this soon after a loss is for it.
YELLOW_LINK_MS = 20_000
# A loss that nobody confirmed is over after so long.
CANDIDATE_KEPT_MS = 180_000
# What happens in a moment (a lap deleted, a spin seen by race control) is shown for so long.
MOMENT_KEPT_MS = 120_000
# An investigation without a decision, or a penalty that nobody said was served, is no longer news.
OPEN_KEPT_MS = 60 * 60_000
