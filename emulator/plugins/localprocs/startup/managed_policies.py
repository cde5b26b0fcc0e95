"""AWS's own managed policies: twelve hundred documents, read when something first asks for one."""

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

_read = IAMBackend._init_aws_policies  # noqa: SLF001 - what IAMBackend calls when it is made


def read_when_asked() -> None:
    """Make no back end read them when it is made."""
    IAMBackend._init_aws_policies = _none_yet  # noqa: SLF001
    IAMBackend._init_managed_policies = _late  # noqa: SLF001


def _none_yet(_backend: IAMBackend) -> list[AWSManagedPolicy]:
    return []


def _late(backend: IAMBackend) -> "Policies":
    return Policies(backend)


class Policies(dict[str, ManagedPolicy]):
    """An account's managed policies by ARN, AWS's among them from the first look on."""

    def __init__(self, backend: IAMBackend) -> None:
        """Read nothing."""
        super().__init__()
        self._backend: IAMBackend | None = backend

    def _complete(self) -> None:
        if self._backend is not None:
            backend, self._backend = self._backend, None
            backend.aws_managed_policies = _read(backend)
            self.update({policy.arn: policy for policy in backend.aws_managed_policies})

    def __missing__(self, arn: str) -> ManagedPolicy:
        """Read them, and look again."""
        if self._backend is None:
            raise KeyError(arn)
        self._complete()
        return self[arn]

    def __contains__(self, arn: object) -> bool:
        """Whether it is there, AWS's among them."""
        if not super().__contains__(arn):
            self._complete()
        return super().__contains__(arn)

    def __iter__(self) -> Iterator[str]:
        """Go through the ARNs."""
        self._complete()
        return super().__iter__()

    def __len__(self) -> int:
        """Count all."""
        self._complete()
        return super().__len__()

    def get(self, arn: str, default: Any = None) -> Any:
        """Return a policy, or the default."""
        return self[arn] if arn in self else default  # noqa: SIM401 - this is get

    def keys(self) -> KeysView[str]:
        """Return the ARNs."""
        self._complete()
        return super().keys()

    def values(self) -> ValuesView[ManagedPolicy]:
        """Return the policies."""
        self._complete()
        return super().values()

    def items(self) -> ItemsView[str, ManagedPolicy]:
        """Return ARNs and policies."""
        self._complete()
        return super().items()
