"""Scheduler and scheduled rules: when they fire."""

from ministack.services import eventbridge, scheduler

from .support import correction, require


@correction(
    fact="Scheduler and scheduled rules fire within seconds of their time; MiniStack looks every 10 seconds.",
    source="docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
)
def schedules_fire_on_time():
    require(scheduler, "_SCHEDULE_TICK_INTERVAL")
    require(eventbridge, "_SCHEDULER_TICK_INTERVAL")
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
