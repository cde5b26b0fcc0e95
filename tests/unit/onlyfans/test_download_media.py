"""download_media with a host in memory: what is done is not done again, and what is doubtful is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import pytest

from huntaze_scraper.errors import OutOfTurn, Refused, SignInAgain, SiteError, SlowDown
from huntaze_scraper.onlyfans.actions.download_media import DownloadMedia
from huntaze_scraper.onlyfans.cookies import Cookies
from huntaze_scraper.onlyfans.media_fetch import Fetched, MediaFetch
from huntaze_scraper.onlyfans.media_hosts import MediaHosts, Target
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.worker.results import JobFiles
from tests.unit.worker.doubles import FreeTurn, MemoryObjectStore, Paced, job, unpaced
from tests.unit.worker.jumping_loop import LoopClock, run

pytestmark = pytest.mark.requirement("9.8")


class Host:
    """Gives each file, unless it is told to answer otherwise, once."""

    def __init__(self, **answers: SiteError) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def target(self, url: str, site: Site) -> Target:
        return MediaHosts.parse(".onlyfans.com").target(url, site.base)

    def fetch(self, target: Target, _site: Site, _headers: Any, begin: Callable[[str], Any], *_: Any) -> Fetched:
        name = target.path.rpartition("/")[2]
        self.asked.append(name)
        answer = self.answers.pop(name, None)
        if answer:
            raise answer
        return Fetched(begin("image/jpeg").finish(), 7, "image/jpeg", "0" * 64)


class CookieTab:
    site = Site("https://onlyfans.com")

    def __init__(self) -> None:
        self.over = 0
        """Which status says that the session is over."""

    async def cookies(self) -> Cookies:
        return Cookies([])

    async def reconsider(self, refusal: Refused) -> SiteError:
        return SignInAgain("over") if refusal.status == self.over else refusal


class Once:
    mark = None
    progress: Mapping[str, Any] = {}

    async def record(self, mark: Mapping[str, str]) -> None: ...

    async def keep(self, progress: Mapping[str, Any]) -> None:
        self.progress = progress


class Scene:
    def __init__(self, host: Host, *urls: str) -> None:
        self._action = DownloadMedia(cast("MediaFetch", host))
        self._job = job(action="download_media", media_urls=list(urls))
        self._once = Once()
        self.tab = CookieTab()
        self.pace: Callable[[], Awaitable[None]] = unpaced

    async def attempt(self) -> Mapping[str, Any]:
        files = JobFiles(MemoryObjectStore(), self._job.account, self._job.job_id)
        tab, once = cast("Tab", self.tab), cast("Any", self._once)
        return await self._action(Run(self._job, tab, once, files, LoopClock(), 30, turn=FreeTurn(), pace=self.pace))


def test_a_limit_in_the_middle_costs_a_wait_and_no_file() -> None:
    """It says that the job got further, and what is kept so far."""

    async def scenario() -> None:
        host = Host(c=SlowDown("x"))
        scene = Scene(host, "/a", "/b", "/c", "/d")
        with pytest.raises(SlowDown) as caught:
            await scene.attempt()
        assert caught.value.advanced
        assert [each["index"] for each in caught.value.so_far["files"]] == [0, 1]
        data = await scene.attempt()
        assert [each["index"] for each in data["files"]] == [0, 1, 2, 3]
        assert host.asked == ["a", "b", "c", "c", "d"]

    run(scenario())


@pytest.mark.requirement("9.1")
def test_each_file_waits_for_leave_and_what_is_kept_is_not_fetched_again() -> None:
    """Three files of an account that may ask for two a window."""

    async def scenario() -> None:
        host = Host()
        scene = Scene(host, "/a", "/b", "/c")
        scene.pace = Paced(2)
        with pytest.raises(OutOfTurn):
            await scene.attempt()
        scene.pace = Paced(2)
        data = await scene.attempt()
        assert [each["index"] for each in data["files"]] == [0, 1, 2]
        assert host.asked == ["a", "b", "c"]

    run(scenario())


def test_a_file_refused_for_a_session_that_is_over_is_asked_for_again() -> None:
    """One that is refused while the session holds is not, and the job ends as refused."""

    async def scenario() -> None:
        host = Host(a=Refused("x", status=404), b=Refused("x", status=403))
        scene = Scene(host, "/a", "/b", "/c")
        scene.tab.over = 403
        with pytest.raises(SignInAgain):
            await scene.attempt()
        with pytest.raises(Refused) as caught:
            await scene.attempt()
        assert [each["index"] for each in caught.value.so_far["refused"]] == [0]
        assert [each["index"] for each in caught.value.so_far["files"]] == [1, 2]
        assert host.asked == ["a", "b", "b", "c"]

    run(scenario())


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "https://[x]/y", "https://" + "x" * 64 + ".onlyfans.com/a", "https://onlyfans.com:99999/", "https://u:p@onlyfans.com/", "ftp://x/", "https://a b.onlyfans.com/"],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_refused_by_its_number_and_the_others_are_fetched(url: str) -> None:
    """Nothing breaks, nothing of it is asked for."""

    async def scenario() -> None:
        host = Host()
        with pytest.raises(Refused, match="1 of 3 files refused; first: media_urls number 2: ") as caught:
            await Scene(host, "/a", url, "/c").attempt()
        assert host.asked == ["a", "c"]
        assert [each["index"] for each in caught.value.so_far["files"]] == [0, 2]

    run(scenario())
