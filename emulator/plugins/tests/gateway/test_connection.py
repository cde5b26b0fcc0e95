"""The server, spoken to over a socket."""

import http.client
import socket
import threading

import pytest
from localprocs.gateway.server import Listener


def echo(environment, start_response):
    """Tell what came."""
    body = environment["wsgi.input"].read()
    if environment["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Length", "6")])
        return iter([b"abc", b"def"])
    if environment["PATH_INFO"] == "/empty":
        start_response("204 No Content", [])
        return []
    names = [name.decode() for name, _ in environment["rolo.headers"]]
    told = [environment["REQUEST_METHOD"], environment["RAW_URI"], environment["PATH_INFO"], ",".join(names)]
    start_response("200 OK", [("X-Body", str(len(body)))])
    return [" ".join(told).encode("latin-1")]


@pytest.fixture
def server():
    """Serve on a free port."""
    listener = Listener(("127.0.0.1", 0), echo)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    yield listener.server_address
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def client(server):
    """Keep one connection."""
    connection = http.client.HTTPConnection(*server, timeout=60)
    yield connection
    connection.close()


def ask(client, method, target, **more):
    """Return status, headers and body."""
    client.request(method, target, **more)
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read()


def test_a_connection_serves_requests_one_after_another(client):
    """The client need not connect again."""
    assert ask(client, "GET", "/a")[0] == 200
    socket_before = client.sock
    status, _, body = ask(client, "POST", "/b?x=%20y", body=b"12345")

    assert (status, client.sock) == (200, socket_before)
    assert body.startswith(b"POST /b?x=%20y /b ")


def test_headers_keep_their_letters(client):
    """S3 metadata and signatures depend on them."""
    assert b"X-Amz-Meta-CamelCase" in ask(client, "GET", "/", headers={"X-Amz-Meta-CamelCase": "v"})[2]


def test_a_path_is_decoded_and_kept_raw(client):
    """S3 keys hold spaces and percent signs."""
    assert ask(client, "GET", "/k%20%2525")[2].startswith(b"GET /k%20%2525 /k %25 ")


def test_a_chunked_body_is_joined(client):
    """boto3 streams what has no length."""
    _, headers, _ = ask(client, "PUT", "/", body=iter([b"123", b"45"]), encode_chunked=True)

    assert headers["X-Body"] == "5"


def test_a_client_that_expects_to_continue_is_told_to(server):
    """S3 clients wait for it before they send a body."""
    with socket.create_connection(server, timeout=60) as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        assert b"X-Body: 2" in connection.recv(1024)


def test_an_answer_without_a_body_has_none(client):
    """The next answer on the connection is not mistaken for it."""
    assert ask(client, "GET", "/empty")[2] == b""
    assert ask(client, "HEAD", "/a")[2] == b""
    assert ask(client, "GET", "/stream")[2] == b"abcdef"


@pytest.mark.parametrize(
    "rubbish", [b"\x16\x03\x01 tls\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"]
)
def test_what_is_not_http_is_hung_up_on(server, rubbish):
    """And harms no other connection."""
    with socket.create_connection(server, timeout=60) as connection:
        connection.sendall(rubbish)
        assert connection.recv(1024) == b""
