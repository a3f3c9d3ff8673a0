"""The limiter: may this client spend that much now?"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import structlog

from api.limits.addresses import Address, client_address, networks, parsed, within
from api.limits.counters import Counters
from api.limits.windows import Window, used, wait, window_at
from catalog.errors import TooManyRequests
from catalog.principals import Principal
from catalog.settings import Settings

Kind = Literal["read", "search", "autocomplete", "write", "bulk", "login", "admin", "page", "graphql", "live"]

WINDOW_SECONDS = 60
# What a process remembers about keys between two requests; past this many it starts afresh and asks Redis.
REMEMBERED = 20_000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is left of the budget `policy`: `limit` and `remaining` in units, `reset` in seconds. 0 of 0: no limit."""

    policy: str = ""
    limit: int = 0
    remaining: int = 0
    reset: int = 0
    window: int = WINDOW_SECONDS


UNLIMITED = Decision()
OnRejected = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be taken from a budget."""

    #: Which limit it is held against, such as "address".
    policy: str
    #: Whose budget it is.
    subject: str
    #: Units a minute.
    limit: int
    #: Units.
    cost: int
    #: What is done, for the metrics.
    kind: Kind

    @property
    def key(self) -> str:
        """The name of the budget."""
        return f"{self.policy}:{self.subject}"


class Limiter:
    """One instance serves a whole process; the counters are those of all processes as long as Redis answers."""

    def __init__(self, settings: Settings, on_rejected: OnRejected = lambda policy, kind: None) -> None:
        self._settings = settings
        self._trusted = networks(settings.trusted_proxies)
        self._exempt = networks(settings.limits_exempt_networks)
        self._on_rejected = on_rejected
        self._previous: dict[str, tuple[int, int]] = {}
        self._refused: dict[str, tuple[float, int, TooManyRequests]] = {}
        self._warned = False
        self.counters = Counters(settings.redis_url)

    def address(self, peer: str | None, forwarded_for: str = "") -> Address:
        """The client's address: `peer` is the connection's other end, `forwarded_for` what the call's header says."""
        address = client_address(peer, forwarded_for, self._trusted)
        if not address.believed and not self._warned:
            self._warned = True
            _log.warning("limits.untrusted_proxy", peer=address.text, remedy="set CATALOG_TRUSTED_PROXIES")
        return address

    def trusts(self, peer: str | None) -> bool:
        """Whether the connection's other end is a proxy whose headers are believed."""
        address = parsed(peer or "")
        return address is not None and within(address, self._trusted)

    async def spend(self, who: Principal, address: Address, cost: int = 1, kind: Kind = "read") -> Decision:
        """Take `cost` units from the principal's budget, or for anybody from the address's.

        Raises TooManyRequests. A principal with a rate of its own has that many units a minute, wherever it calls from.
        """
        if not self._settings.limits_enabled or cost <= 0:
            return UNLIMITED
        own = who.rate
        if own is None and self.is_exempt(address):
            return UNLIMITED
        if who.anonymous:
            charge = Charge("address", address.text, self._settings.limits_per_address, cost, kind)
        elif own is not None:
            charge = Charge("key", who.id, own, cost, kind)
        else:
            charge = Charge("principal", who.id, self._settings.limits_per_principal, cost, kind)
        return await self._take(charge)

    async def log_in(self, account: str, address: Address) -> "Attempt":
        """One attempt to prove who somebody is, counted for the account and for the address. Raises TooManyRequests.

        It holds for exempt addresses as well. `Attempt.succeeded` gives it back: only failures add up.
        """
        if not self._settings.limits_enabled:
            return Attempt(self, ())
        # No e-mail address is written anywhere, and one of any length and case is one key.
        name = sha256(account.strip().lower().encode(errors="replace")).hexdigest()[:32]
        attempt = Attempt(self, ())
        for policy, subject, limit in (
            ("login-address", address.text, self._settings.limits_login_per_address),
            ("login-account", name, self._settings.limits_login_per_account),
        ):
            await self._take(Charge(policy, subject, limit, 1, "login"))
            attempt = Attempt(self, (*attempt.taken, (policy, subject)))
        return attempt

    async def give_back(self, policy: str, subject: str, cost: int) -> None:
        key = f"{policy}:{subject}"
        self._refused.pop(key, None)
        window = window_at(time.time(), key, WINDOW_SECONDS)
        await self.counters.add(f"{key}:{window.number}", -cost, 2 * WINDOW_SECONDS)

    async def close(self) -> None:
        await self.counters.close()

    def is_exempt(self, address: Address) -> bool:
        """Whether the address has no budget: it may stand for many, such as a proxy that is not trusted."""
        return address.direct and address.ip is not None and within(address.ip, self._exempt)

    async def _take(self, charge: Charge) -> Decision:
        key, limit, now = charge.key, charge.limit, time.time()
        # What costs more than a whole budget is possible once in an empty window.
        cost = min(charge.cost, limit)
        self._still_refused(charge, cost, now)
        window = window_at(now, key, WINDOW_SECONDS)
        counter = f"{key}:{window.number}"
        current = await self.counters.add(counter, cost, 2 * WINDOW_SECONDS)
        previous = await self._before(key, window)
        spent = used(previous, current, window)
        if spent > limit:
            # What is refused costs nothing: otherwise a client that keeps asking would never be let in again.
            await self.counters.add(counter, -cost, 2 * WINDOW_SECONDS)
            raise self._refuse(charge, cost, now, wait(previous, current - cost, cost, limit, window))
        return Decision(charge.policy, limit, int(limit - spent), math.ceil(window.left))

    async def _before(self, key: str, window: Window) -> int:
        """The count of the window before this one. It does not change any more, so each process asks for it once."""
        number, count = self._previous.get(key, (-1, 0))
        if number != window.number:
            count = max(0, await self.counters.read(f"{key}:{window.number - 1}"))
            if len(self._previous) >= REMEMBERED:
                self._previous.clear()
            self._previous[key] = (window.number, count)
        return count

    def _still_refused(self, charge: Charge, cost: int, now: float) -> None:
        """A subject that was refused is refused without asking Redis until its time has come."""
        until, refused_cost, error = self._refused.get(charge.key, (0.0, 0, None))
        if error is None or cost < refused_cost:
            return
        if now >= until:
            del self._refused[charge.key]
            return
        self._on_rejected(charge.policy, charge.kind)
        raise TooManyRequests(error.detail, math.ceil(until - now), policy=charge.policy, limit=error.limit)

    def _refuse(self, charge: Charge, cost: int, now: float, seconds: float) -> TooManyRequests:
        """The refusal of a charge of `cost` units, remembered for `seconds`."""
        policy, limit, retry_after = charge.policy, charge.limit, max(1, math.ceil(seconds))
        error = TooManyRequests(_DETAILS[policy].format(limit=limit), retry_after, policy=policy, limit=limit)
        if len(self._refused) >= REMEMBERED:
            self._refused.clear()
        self._refused[charge.key] = (now + seconds, cost, error)
        self._on_rejected(policy, charge.kind)
        _log.info("limits.refused", policy=policy, kind=charge.kind, limit=limit, retry_after=retry_after)
        return error


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in that has been counted as a failure until it succeeds."""

    limiter: Limiter
    taken: tuple[tuple[str, str], ...]

    async def succeeded(self) -> None:
        for policy, subject in self.taken:
            await self.limiter.give_back(policy, subject, 1)


_DETAILS = {
    "address": "This address may spend {limit} units a minute without a credential, and has.",
    "principal": "This account may spend {limit} units a minute, and has.",
    "key": "This key may spend {limit} units a minute, and has.",
    "login-address": "From this address {limit} failed log-ins a minute are answered, and there were as many.",
    "login-account": "For this account {limit} failed log-ins a minute are answered, and there were as many.",
}
