"""An account's name as one path segment: no slash or dot of a creator_id can leave its place."""

from urllib.parse import quote


def account_path(account: str, escape: str = "%") -> str:
    """Percent-encode all but ``[A-Za-z0-9_-]``.

    Args:
        account: creator_id, or user_id.
        escape: what stands for ``%`` where a store does not take it: Secrets Manager's names allow ``=``.
    """
    return quote(account, safe="").replace(".", "%2E").replace("~", "%7E").replace("%", escape)
