"""Log-ins, sessions, users, API keys."""

from tests.recording.identifiers import UNKNOWN, user_id
from tests.recording.principals import PASSWORD
from tests.recording.steps import Step, get, send

TOKEN, REVOKE, LOGOUT = "/api/v1/auth/token", "/api/v1/auth/revoke", "/api/v1/auth/logout"
USERS, KEYS = "/api/v1/users", "/api/v1/api-keys"
NEW = {"email": "New.User@example.com", "role": "analyst", "password": "a password for a new user"}
WRONG_KEYS = {
    "empty": {},
    "scope": {"name": "x", "scopes": ["everything"]},
    "past": {"name": "x", "scopes": [], "expires_at": "2001-01-01T00:00:00Z"},
    "rate": {"name": "x", "scopes": [], "rate": 0},
    "forced": {"name": "x", "scopes": ["search"], "forced": {"price_min": 1, "in_stock": False, "brand": ""}},
    "unknown": {"name": "x", "scopes": [], "role": "admin"},
}


def _form(**fields: str) -> dict[str, str]:
    return fields


_USER = {"username": "new.user@example.com", "password": NEW["password"]}
STEPS: list[Step] = [
    send("auth: wrong password", "POST", TOKEN, None, "auth", form=_form(username="admin@example.com", password="x")),
    send("auth: unknown user", "POST", TOKEN, None, "auth", form=_form(username="no@example.com", password="x")),
    send("auth: no password", "POST", TOKEN, None, "auth", form=_form(username="admin@example.com")),
    send("auth: unknown grant", "POST", TOKEN, None, "auth", form=_form(grant_type="implicit")),
    send("auth: no form", "POST", TOKEN, {"username": "admin@example.com"}, "auth"),
    send(
        "auth: log in",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(username="EDITOR@example.com", password=PASSWORD),
        saves={"refresh": "refresh_token", "access": "access_token"},
    ),
    send(
        "auth: refresh",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(grant_type="refresh_token", refresh_token="${refresh}"),
        saves={"refreshed": "refresh_token"},
    ),
    send(
        "auth: refresh, reused",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(grant_type="refresh_token", refresh_token="${refresh}"),
    ),
    send(
        "auth: refresh after reuse",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(grant_type="refresh_token", refresh_token="${refreshed}"),
    ),
    send(
        "auth: refresh, none",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(grant_type="refresh_token", refresh_token="rt_none"),
    ),
    send("auth: revoke nothing", "POST", REVOKE, None, "auth", form=_form(token="nothing")),
    send("auth: revoke, empty", "POST", REVOKE, None, "auth", form=_form(token_type_hint="access_token")),
    send("auth: log out, by nobody", "POST", LOGOUT, None, "auth"),
    send("auth: log out, by a key", "POST", LOGOUT, None, "auth", credential="key-all"),
    get("users: list", USERS, "users", credential="admin"),
    get("users: list, by an editor", USERS, "users", credential="editor"),
    get("users: list, by nobody", USERS, "users"),
    send("users: create", "POST", USERS, NEW, "users", credential="admin", saves={"user": "id"}),
    send("users: create, taken", "POST", USERS, NEW | {"email": "new.user@EXAMPLE.com"}, "users", credential="admin"),
    send(
        "users: create refused",
        "POST",
        USERS,
        {"email": "x", "role": "king", "password": "short"},
        "users",
        credential="admin",
    ),
    get("users: one", f"{USERS}/${{user}}", "users", credential="admin"),
    get("users: unknown", f"{USERS}/{UNKNOWN}", "users", credential="admin"),
    send(
        "users: log in",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_USER,
        saves={"user_token": "access_token", "user_refresh": "refresh_token"},
    ),
    send("users: change", "PATCH", f"{USERS}/${{user}}", {"role": "editor"}, "users", credential="admin"),
    send("users: change refused", "PATCH", f"{USERS}/${{user}}", {"role": "king", "x": 1}, "users", credential="admin"),
    send("users: log out by an administrator", "POST", f"{USERS}/${{user}}/logout", None, "users", credential="admin"),
    send(
        "users: refresh after that",
        "POST",
        TOKEN,
        None,
        "auth",
        form=_form(grant_type="refresh_token", refresh_token="${user_refresh}"),
    ),
    get("users: token after that", "/api/v1/orders", "users", headers={"Authorization": "Bearer ${user_token}"}),
    send("users: deactivate", "PATCH", f"{USERS}/${{user}}", {"active": False}, "users", credential="admin"),
    send("users: log in, inactive", "POST", TOKEN, None, "auth", form=_USER),
    send(
        "users: last administrator",
        "PATCH",
        f"{USERS}/{user_id('admin')}",
        {"role": "editor"},
        "users",
        credential="admin",
    ),
    get("api keys: list", KEYS, "api keys", credential="admin"),
    get("api keys: list, by an editor", KEYS, "api keys", credential="editor"),
    *(
        send(f"api keys: create refused, {name}", "POST", KEYS, body, "api keys", credential="admin")
        for name, body in WRONG_KEYS.items()
    ),
    send(
        "api keys: create",
        "POST",
        KEYS,
        {
            "name": " A  key ",
            "scopes": ["search", "read", "search"],
            "rate": 600,
            "expires_at": "2199-01-01T00:00:00Z",
            "forced": {"brand": ["Weft", "Carry"], "attr.color": "black"},
        },
        "api keys",
        credential="admin",
        saves={"key_id": "id", "key": "key"},
    ),
    get("api keys: used", "/api/v1/search?facets=brand&sort=name", "api keys", headers={"X-API-Key": "${key}"}),
    get(
        "api keys: used as a bearer",
        "/api/v1/search?facets=none&sort=name",
        "api keys",
        headers={"Authorization": "Bearer ${key}"},
    ),
    send("api keys: revoke", "DELETE", f"{KEYS}/${{key_id}}", None, "api keys", credential="admin"),
    send("api keys: revoke, twice", "DELETE", f"{KEYS}/${{key_id}}", None, "api keys", credential="admin"),
    send("api keys: revoke, unknown", "DELETE", f"{KEYS}/{UNKNOWN}", None, "api keys", credential="admin"),
    get("api keys: used after that", "/api/v1/products", "api keys", headers={"X-API-Key": "${key}"}),
    get("api keys: list, at last", f"{KEYS}?per_page=1", "api keys", credential="admin"),
]
