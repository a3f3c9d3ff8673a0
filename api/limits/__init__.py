"""How much each client may ask for: budgets per principal, address and account, shared by all doors and processes.

A door that is not plain HTTP does three things:

    address = limiter.address(peer, forwarded_for)        # "203.0.113.7", and the X-Forwarded-For of the call, or ""
    decision = await limiter.spend(who, address, cost, "search")    # raises TooManyRequests (429) with `retry_after`
    ... decision.remaining ...                                      # for whoever wants to tell it

HTTP requests are charged by `api.limits.http`, which leaves the address at `scope["client_address"]`, the principal at
`scope["principal"]` and the decision at `scope["rate_limit"]`. `/graphql` is charged one unit there; what a query costs
beyond it is spent by the door itself, as above.
"""

from api.limits.addresses import Address
from api.limits.limiter import Decision, Kind, Limiter

__all__ = ["Address", "Decision", "Kind", "Limiter"]
