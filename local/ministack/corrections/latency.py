"""Waits inside MiniStack that AWS does not have."""

from ministack.services import eventbridge, lambda_svc, scheduler

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


@correction(
    fact="A queue or stream with work is read at once; MiniStack pauses 50 ms after a wake-up that found none.",
    source="docs.aws.amazon.com/lambda/latest/dg/with-sqs.html",
)
def sources_are_read_at_once():
    require(lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS")
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.005
