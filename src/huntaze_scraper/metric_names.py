"""The custom metrics: every name once, for the code that publishes, the alarms, the dashboard and the policies."""

from enum import StrEnum

NAMESPACE = "Huntaze/OnlyFans"
"""The one CloudWatch namespace that limiter and scraper may publish to."""


class Metric(StrEnum):
    """A custom metric.

    Each is published without dimensions (the roll-up: alarms do not aggregate
    dimensions, Trap 7), and by the dimensions of ``Dimension``.
    """

    RATE_LIMIT_ALLOWED_COUNT = "rate_limit_allowed_count"
    """Messages that had a token and were forwarded."""
    RATE_LIMIT_REJECTED_COUNT = "rate_limit_rejected_count"
    """Messages that had no token and were told to wait."""
    SCRAPING_SUCCESS_RATE = "scraping_success_rate"
    """100 for a job that succeeded, 0 for an attempt that failed: the Average is the rate. A 429 is neither."""
    SCRAPING_DURATION_MS = "scraping_duration_ms"
    """How long one attempt at a job took; one sample an attempt, so that SampleCount counts attempts."""
    ONLYFANS_429_COUNT = "onlyfans_429_count"
    """Attempts that the site answered with 429."""
    ONLYFANS_5XX_COUNT = "onlyfans_5xx_count"
    """Answers of the site with 5xx, each retry counted."""
    ONLYFANS_4XX_COUNT = "onlyfans_4xx_count"
    """Answers of the site with 4xx other than 429."""
    CIRCUIT_BREAKER_OPEN_COUNT = "circuit_breaker_open_count"
    """Times that the circuit breaker opened."""
    CHALLENGE_COUNT = "challenge_count"
    """Times that the site asked whether a human is there."""
    UNCERTAIN_COUNT = "uncertain_count"
    """Jobs that ended without anybody knowing whether they had their effect."""
    DUPLICATE_COUNT = "duplicate_count"
    """Jobs that the ledger knew as done already."""
    WORKER_NOT_READY_COUNT = "worker_not_ready_count"
    """Looks at which a task's state table, bucket or browser did not work: it receives nothing meanwhile."""
    JOB_WAITS_COUNT = "job_waits_count"
    """Times that a job over half an hour old was handed back for what is nobody's fault, as a limit that lasts."""
    QUEUE_WAIT_MS = "queue_wait_ms"
    """Time from a job's arrival on the workflows queue to its first attempt."""
    TURN_WAIT_MS = "turn_wait_ms"
    """Time that an attempt waited in hand for its turn at the site; one sample a turn, so that SampleCount counts turns."""
    TURN_PUT_OFF_COUNT = "turn_put_off_count"
    """Times that a turn was so far off that the account's jobs went back to the queue for it."""

    @property
    def unit(self) -> str:
        """CloudWatch's unit of the metric."""
        if self.endswith("_ms"):
            return "Milliseconds"
        return "Percent" if self.endswith("_rate") else "Count"


class Dimension(StrEnum):
    """A dimension of the custom metrics."""

    ACTION = "action"
    CREATOR_ID = "creator_id"
    STATUS = "status"
