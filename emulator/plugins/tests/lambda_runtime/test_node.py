"""Functions in Node."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from localprocs.lambda_runtime import interpreter, node
from localprocs.lambda_runtime.runtime_api import Invocation
from localprocs.lambda_runtime.runtime_process import Launch
from localprocs.lambda_runtime.sandbox import FunctionTraits, Sandbox


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Write a function and call it once; return the outcome and the log."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = []

    def call(code, payload="{}", *, file="index.js", **variables):
        (tmp_path / file).write_text(code)
        plain = interpreter.environment(variables, task_root=tmp_path, layers=[], scratch=tmp_path, inherited={})
        environment = node.environment(plain, runtime="nodejs22.x", handler="index.handler")
        log = []
        sandbox = Sandbox(
            FunctionTraits("$LATEST", "nodejs22.x", "us-east-1", 128),
            Launch(node.command(), environment, tmp_path),
            lambda _at, text: log.append(text),
        )
        made.append(sandbox)
        sandbox.start()
        return sandbox.invoke(Invocation("id-1", "arn", payload.encode(), "Root=1", 50)), log

    yield call
    for each in made:
        each.stop(at_once=True)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("index.js", "exports.handler = async (event, context) => ({ got: event.a, id: context.awsRequestId })"),
        ("index.mjs", "export const handler = async (event, context) => ({ got: event.a, id: context.awsRequestId })"),
        ("index.cjs", "exports.handler = (event, context, done) => done(null, { got: event.a, id: 'id-1' })"),
    ],
)
def test_a_handler_of_every_kind_is_called(invoke, file, code):
    """Modules old and new, promises and callbacks."""
    outcome, _ = invoke(code, '{"a": 5}', file=file)

    assert json.loads(outcome.payload) == {"got": 5, "id": "id-1"}
    assert not outcome.is_error


def test_an_error_is_what_aws_makes_of_it(invoke):
    """Its type, its message, its trace; the log has it, too."""
    outcome, log = invoke("exports.handler = async () => { throw new TypeError('no') }")

    said = json.loads(outcome.payload)
    assert outcome.is_error
    assert (said["errorType"], said["errorMessage"]) == ("TypeError", "no")
    assert any("Invoke Error" in line for line in log)


def test_a_file_that_is_not_there_is_an_import_error(invoke):
    """Told as AWS does."""
    outcome, _ = invoke("", file="other.js")

    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"


def test_lines_of_the_log_bear_time_request_and_level(invoke):
    """As AWS writes them."""
    _, log = invoke("exports.handler = async () => console.warn('look %d', 1)")

    assert any(line.rstrip().endswith("\tid-1\tWARN\tlook 1") for line in log)


def test_an_answer_by_https_to_the_emulators_host_reaches_it(invoke):
    """The CDK's custom resources answer by https, to host and path alone."""
    heard = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self):
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.handle_request, daemon=True).start()
    code = """
        const https = require('https')
        exports.handler = () => new Promise((resolve, reject) => {
          const options = { hostname: '127.0.0.1', path: '/x', method: 'PUT', headers: { 'content-length': 2 } }
          const request = https.request(options, (answer) => { answer.resume(); resolve(answer.statusCode) })
          request.on('error', reject)
          request.end('hi')
        })
    """
    outcome, _ = invoke(code, AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}")
    server.server_close()

    assert (outcome.payload, heard) == (b"200", [("/x", b"hi")])


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("index.js", "const { S3 } = require('@aws-sdk/client-s3'); exports.handler = async () => S3"),
        ("index.mjs", "import { S3 } from '@aws-sdk/client-s3'; export const handler = async () => S3"),
    ],
)
def test_the_sdk_is_within_reach(invoke, tmp_path, file, code):
    """Of modules old and new, though the function does not bring it."""
    package = tmp_path / "cache" / "aws-sdk-for-node" / "node_modules" / "@aws-sdk" / "client-s3"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "@aws-sdk/client-s3", "main": "main.js"}')
    (package / "main.js").write_text("exports.S3 = 'here'")

    outcome, _ = invoke(code, file=file)

    assert outcome.payload == b'"here"'


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async (e) => require(`@aws-sdk/client-${e.a}`).S3",
        "exports.handler = async (e) => (await import(`@aws-sdk/client-${e.a}`)).S3",
    ],
)
def test_a_package_that_is_named_only_at_run_time_is_fetched_then(invoke, monkeypatch, tmp_path, code):
    """As the CDK's AwsCustomResource does, beside others; what the registry has not is missing as ever."""
    (tmp_path / "cache" / "aws-sdk-for-node" / "node_modules" / "@aws-sdk").mkdir(parents=True)

    def install(place, names):
        if list(names) != ["@aws-sdk/client-s3"]:
            raise node.SdkMissing("there is none")
        package = place / "node_modules" / "@aws-sdk" / "client-s3"
        package.mkdir()
        (package / "package.json").write_text('{"name": "@aws-sdk/client-s3", "main": "main.js"}')
        (package / "main.js").write_text("exports.S3 = 'here'")

    monkeypatch.setattr(node, "_install", install)

    outcome, _ = invoke(code, '{"a": "s3"}')
    assert outcome.payload == b'"here"'
    outcome, _ = invoke(code, '{"a": "none"}')
    assert json.loads(outcome.payload)["errorType"] == "Error"


def test_the_sdk_that_the_code_names_is_known(tmp_path):
    """What the function brings itself is not fetched, nor is a name that is put together at run time."""
    (tmp_path / "index.js").write_text(
        "require('@aws-sdk/client-s3'); require('@aws-sdk/own'); '@aws-sdk/client-' + x; `@aws-sdk/client-${x}`"
    )
    (tmp_path / "node_modules" / "@aws-sdk" / "own").mkdir(parents=True)

    assert node._named_in(tmp_path) == {"@aws-sdk/client-s3"}
