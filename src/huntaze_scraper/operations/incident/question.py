"""What is asked to be captured."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from huntaze_scraper.operations import moments
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.incident.errors import WrongQuestion

JOB_REACH = "30d"
"""How far back the log is searched for a job, unless it is said: as long as it is kept."""
REACH = "24h"
LONGEST_DAYS = 31
_JOB = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A job, a creator, an alarm, or a stretch of time."""

    job: str = ""
    """Its id, or the beginning of it."""
    correlation: str = ""
    """A producer's own id of one or more jobs."""
    creator: str = ""
    alarm: str = ""
    since: datetime
    until: datetime
    has_since: bool
    """Whether somebody said so."""

    @classmethod
    def read(cls, now: datetime, *, job: str, creator: str, alarm: str, since: str, until: str) -> "Question":
        """Read the options.

        Raises:
            WrongQuestion: they ask for nothing, or for two things at once, or for no stretch of time.
        """
        named = [f"--{name}" for name, value in (("job", job), ("creator", creator), ("alarm", alarm)) if value]
        if len(named) > 1:
            raise WrongQuestion(f"{' and '.join(named)} together ask for two incidents: give one of them")
        if not named and not since:
            raise WrongQuestion("say what to capture: --job ID, --creator NAME, --alarm NAME, or --since 90m")
        correlation, job = ("", job) if _JOB.fullmatch(job) else (job, "")
        try:
            begin = moments.parse(since or (JOB_REACH if job or correlation else REACH), now)
            latest = now + timedelta(seconds=1)  # a cloud tells its time by whole seconds
            end = min(moments.parse(until, now), latest) if until else latest
        except TellOperator as error:
            raise WrongQuestion(str(error)) from None
        if begin >= end:
            raise WrongQuestion("nothing lies between --since and --until: the first must be earlier, and not to come")
        if (end - begin).days > LONGEST_DAYS:
            raise WrongQuestion(
                f"that is more than {LONGEST_DAYS} days, longer than logs are kept: say a later --since"
            )
        named_by = {"job": job, "correlation": correlation, "creator": creator, "alarm": alarm}
        return cls(**named_by, since=begin, until=end, has_since=bool(since))

    @property
    def words(self) -> dict[str, str]:
        """Say what was asked, for the manifest."""
        names = ("job", "correlation", "creator", "alarm")
        asked = {name: getattr(self, name) for name in names}
        return {name: value for name, value in asked.items() if value} | {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
        }
