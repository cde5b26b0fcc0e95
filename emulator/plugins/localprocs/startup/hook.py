"""Puts the economies in place before LocalStack imports its services."""

import gc
import os

from localstack.runtime import hooks

from localprocs.startup import deferred, plain_http, service_models, thread_names

GARBAGE_THRESHOLD = 100_000
"""Objects made before the collector looks: modules are made of many, and keep them all."""


@hooks.on_runtime_create()
def start_sooner() -> None:
    """Spare what can be spared."""
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)
    thread_names.tell()
    service_models.share()
    if os.environ.get("GATEWAY_SERVER") == "threads":
        plain_http.make_no_certificate()
    unneeded = [
        "dns",
        "jsonpath_ng",
        "localstack.services.apigateway.legacy.helpers",
        "openapi_spec_validator",
        "samtranslator",
    ]
    if not any(name.startswith("OPENAPI_VALIDATE") for name in os.environ):
        unneeded.append("openapi_core")
    deferred.until_used(*unneeded)


@hooks.on_infra_ready()
def keep_what_is_loaded() -> None:
    """Take what start-up made out of the collector's sight: it stays for good."""
    gc.freeze()
