"""What is spared changes no answer."""

from types import SimpleNamespace

import pytest
from localprocs.gateway import economies
from localstack.aws.protocol.serializer import JSONResponseSerializer
from localstack.http import Request
from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.exceptions import BadRequestKeyError, NotFound

SENT = Headers(
    [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "AmazonSQS.ListQueues"), ("Empty", "")]
)


@pytest.fixture(autouse=True)
def spared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spared for a test."""
    for kind, names in (
        (Headers, ("get", "__contains__", "_get_key")),
        (economies.ResponseSerializer, ("_get_mime_type",)),
    ):
        for name in names:
            monkeypatch.setattr(kind, name, getattr(kind, name))
    for handler in (economies.LocalstackResourceHandler, economies.RouterHandler):
        monkeypatch.setattr(handler, "__call__", handler.__call__)
    economies.install()


def test_a_header_is_found_by_its_name_in_any_case() -> None:
    """And one that is not there, or empty, is told from others."""
    assert SENT.get("x-amz-TARGET") == SENT["X-Amz-Target"] == "AmazonSQS.ListQueues"
    assert (SENT.get("Empty"), SENT.get("Accept"), SENT.get("Accept", "none")) == ("", None, "none")
    assert "content-type" in SENT
    assert "content-typo" not in SENT
    assert Headers([("Count", "5")]).get("count", type=int) == 5
    with pytest.raises(BadRequestKeyError):
        SENT["Accept"]


def test_headers_of_an_environment_are_found_as_they_were() -> None:
    """They keep their names in another form."""
    environment = EnvironHeaders({"HTTP_X_AMZ_TARGET": "a", "CONTENT_TYPE": "b"})
    assert (environment.get("x-amz-target"), environment["Content-Type"]) == ("a", "b")
    assert "accept" not in environment


@pytest.mark.parametrize("sent", [{}, {"Accept": "*/*"}, {"Accept": "application/cbor"}, {"Content-Type": "text/html"}])
def test_an_answer_has_the_type_that_localstack_gives_it(sent: dict[str, str]) -> None:
    """Whatever the client says that it takes."""
    serializer = JSONResponseSerializer()
    for headers in (sent, Headers(sent), None):
        assert serializer._get_mime_type(headers) == economies._mime_type(serializer, headers)


@pytest.mark.parametrize(
    ("headers", "path", "is_asked"),
    [
        ({"Host": "127.0.0.1:4566", "X-Amz-Target": "AmazonSQS.ListQueues"}, "/", False),
        ({"Host": "127.0.0.1:4566"}, "/", True),
        ({"Host": "127.0.0.1:4566", "X-Amz-Target": "AmazonSQS.ListQueues"}, "/_emulator/changes", True),
        ({"Host": "f.lambda-url.us-east-1.localhost.localstack.cloud", "X-Amz-Target": "mine"}, "/", True),
    ],
)
def test_what_services_serve_is_looked_for_but_in_calls(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], path: str, *, is_asked: bool
) -> None:
    """A function's own address takes whatever its callers send."""
    asked: list[str] = []

    def dispatch(request: Request) -> None:
        asked.append(request.path)
        raise NotFound

    monkeypatch.setattr(economies.ROUTER, "dispatch", dispatch)
    context = SimpleNamespace(request=Request("POST", path, headers=headers))
    economies.RouterHandler(economies.ROUTER)(None, context, None)
    assert asked == [path] * is_asked
