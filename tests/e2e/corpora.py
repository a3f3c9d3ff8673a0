"""What attackers send. Each line has broken some service; none may do more here than be searched for."""

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE products; --",
    '" OR ""="',
    "1) UNION SELECT password_hash FROM users --",
    "%' AND pg_sleep(5) --",
    "$$; SELECT pg_sleep(5); $$",
    "\\'; DELETE FROM users; --",
    "%s %(name)s :name {0} ?",
]
LUCENE = [
    "*:*",
    "name:* OR _exists_:cost",
    'a" OR deleted:true OR "b',
    "/.*/",
    "(((((",
    "a AND NOT (b OR",
    "cost:[0 TO *]",
    "\\",
    '{"match_all": {}}',
    '"}},{"match_all":{}},{"x":{"y":"',
    "_id:* || true",
    "a~99999 b^99999",
]
TEMPLATES = ["{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% debug %}", "${jndi:ldap://127.0.0.1/a}", "{0.__class__}"]
MARKUP = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "]]><!--", "&lt;b&gt;"]
LINES = ["a\r\nSet-Cookie: owned=1", "a\nX-Owned: 1", "a\x1b[2J\x1b[31mred", "a\u2028b\u2029c", "a\x85b", "a\tb\vc\fd"]
PATHS = [
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "file:///etc/passwd",
    "C:\\windows\\win.ini",
    "|id",
    "`id`",
    "$(id)",
]
UNICODE = [
    "e" + "\u0301" * 150,  # a character under 150 accents
    "\ufdfa" * 150,  # NFKC makes 18 characters of each
    "\u202e" + "gpj.exe",
    "\u200b\u200d\ufeff",
    "İ" * 100,
    "ß" * 150,
    "\U000e0041" * 50,
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 10,
]
# Texts that a regular expression that goes back and forth would chew on for minutes.
BACKTRACKING = [
    "a" * 199 + "!",
    "-" * 200,
    "1 " * 100,
    "1-" * 100,
    ("0" * 99 + "x") * 2,
    '1"' * 100,
    " " * 200,
    "13,5" * 50,
    "x/" * 100,
    "(" * 100 + ")" * 100,
]
TEXTS = [*SQL, *LUCENE, *TEMPLATES, *MARKUP, *LINES, *PATHS, *UNICODE, *BACKTRACKING]

# Fields that no client may set: what the service knows itself, and what belongs to other things.
NOT_FOR_CLIENTS = {
    "id": "00000000-0000-4000-8000-000000000000",
    "version": 99,
    "created_at": "2000-01-01T00:00:00Z",
    "updated_at": "2000-01-01T00:00:00Z",
    "search_vector": "x",
    "role": "admin",
    "synced_version": 1,
    "deleted": True,
    "quarantined": False,
    "__class__": "x",
    "__proto__": {"admin": True},
    "constructor": {"prototype": {"admin": True}},
}
