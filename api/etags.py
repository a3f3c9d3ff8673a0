"""ETags (RFC 9110): the ledger's version of a product in quotes. Pure."""

import re

_ETAG = re.compile(r'(W/)?"([^"]*)"')


def etag(version: int) -> str:
    return f'"{version}"'


def required_versions(if_match: str | None) -> frozenset[int] | None:
    """The versions that If-Match allows; None without a condition or for `*`. A weak or foreign tag matches nothing."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = [tag for weak, tag in _ETAG.findall(if_match) if not weak]
    return frozenset(int(tag) for tag in tags if tag.isdecimal() and len(tag) < 20)


def not_modified(if_none_match: str | None, version: int) -> bool:
    """Whether the client has this version already. Here a weak tag counts like a strong one."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(tag == str(version) for _, tag in _ETAG.findall(if_none_match))
