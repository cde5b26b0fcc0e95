"""No certificate for a gateway that speaks plain HTTP on the loopback interface."""

from typing import Any


def make_no_certificate() -> None:
    """Spare the key that LocalStack would generate."""
    from localstack.utils import ssl  # noqa: PLC0415 - after LocalStack has read its settings

    ssl.install_predefined_cert_if_available = _nothing
    ssl.create_ssl_cert = _nothing


def _nothing(**_: Any) -> tuple[None, None, None]:
    return None, None, None
