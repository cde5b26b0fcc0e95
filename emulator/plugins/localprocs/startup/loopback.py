"""The gateway listens where it is told to; LocalStack's own listens on every interface, open to the network."""

from typing import Any

from localstack import config


def keep_to_it() -> None:
    """Bind to the host that GATEWAY_LISTEN names for the port."""
    from twisted.internet import endpoints  # noqa: PLC0415 - it installs its reactor when it is imported

    listen = endpoints.TCP4ServerEndpoint

    def on_its_host(reactor: Any, port: int, **options: Any) -> Any:
        host = next((each.host for each in config.GATEWAY_LISTEN if each.port == port), "127.0.0.1")
        return listen(reactor, port, **{"interface": host, **options})

    endpoints.TCP4ServerEndpoint = on_its_host
