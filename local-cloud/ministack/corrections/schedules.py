"""Schedules of EventBridge Scheduler and of rules fire on time."""

from ministack.services import eventbridge, scheduler

from .support import correction, require


@correction(
    fact=(
        "Scheduler fires within the minute of its time; MiniStack looks every 10 seconds, which is right, "
        "but longer than the windows of a scenario (a debounce of one second), so it looks every second."
    ),
    source="docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
)
def schedules_fire_on_time():
    require(scheduler, "_SCHEDULE_TICK_INTERVAL")
    require(eventbridge, "_SCHEDULER_TICK_INTERVAL")
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
