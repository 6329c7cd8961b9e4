-- Who may call. Times are RFC 3339 in UTC with milliseconds, so that their text sorts as they do.
-- Of a secret only its SHA-256 is kept, of a password its argon2 hash.

-- `default` is the organization of the server's own configuration: it has no places of its own.
CREATE TABLE organizations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    models TEXT,
    data TEXT,
    sandbox_data TEXT,
    timezone TEXT,
    currency TEXT,
    created TEXT NOT NULL,
    disabled TEXT,
    CHECK ((models IS NULL) = (data IS NULL))
) STRICT;
INSERT INTO organizations (id, name, created) VALUES ('default', 'Default', strftime('%Y-%m-%dT%H:%M:%fZ'));

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    password TEXT,
    created TEXT NOT NULL,
    disabled TEXT
) STRICT;

-- What a user may do in an organization at most, and what its policies know of the user.
CREATE TABLE memberships (
    user TEXT NOT NULL REFERENCES users (id),
    organization TEXT NOT NULL REFERENCES organizations (id),
    scopes TEXT NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (user, organization)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_links (
    hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    used TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE browser_sessions (
    hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    created TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE partners (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    default_organization TEXT NOT NULL REFERENCES organizations (id),
    created TEXT NOT NULL,
    disabled TEXT
) STRICT;

CREATE TABLE partner_organizations (
    partner TEXT NOT NULL REFERENCES partners (id),
    organization TEXT NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (partner, organization)
) STRICT, WITHOUT ROWID;

CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('registered', 'document')),
    metadata TEXT NOT NULL,
    created TEXT NOT NULL,
    last_used TEXT,
    expires TEXT
) STRICT;

-- A grant is what a user agreed to; revoking it ends its code, its refresh tokens and its access tokens.
CREATE TABLE oauth_grants (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    client_name TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (id),
    organization TEXT NOT NULL REFERENCES organizations (id),
    scopes TEXT NOT NULL,
    resource TEXT NOT NULL,
    created TEXT NOT NULL,
    revoked TEXT,
    reason TEXT
) STRICT;

CREATE TABLE oauth_codes (
    hash BLOB PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oauth_grants (id),
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires TEXT NOT NULL,
    used TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE oauth_refresh_tokens (
    hash BLOB PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oauth_grants (id),
    scopes TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    used TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('organization', 'sandbox', 'partner', 'user')),
    hash BLOB NOT NULL UNIQUE,
    last_four TEXT NOT NULL,
    name TEXT NOT NULL,
    organization TEXT REFERENCES organizations (id),
    partner TEXT REFERENCES partners (id),
    user TEXT REFERENCES users (id),
    grant_id TEXT REFERENCES oauth_grants (id),
    scopes TEXT NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{}',
    created TEXT NOT NULL,
    expires TEXT,
    last_used TEXT,
    revoked TEXT,
    CHECK ((kind = 'partner') = (partner IS NOT NULL) AND (kind = 'partner') = (organization IS NULL)),
    CHECK ((kind = 'user') = (user IS NOT NULL))
) STRICT;
CREATE INDEX tokens_of_organizations ON tokens (organization);
CREATE INDEX tokens_of_grants ON tokens (grant_id);

-- One record per allowed or denied call, each bound to the one before by its hash.
CREATE TABLE audit_log (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    caller TEXT NOT NULL,
    organization TEXT NOT NULL,
    environment TEXT NOT NULL,
    door TEXT NOT NULL,
    operation TEXT NOT NULL,
    outcome TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'append only'); END;

-- Keys that the server makes for itself: what signs cursors.
CREATE TABLE server_keys (
    name TEXT PRIMARY KEY,
    key BLOB NOT NULL
) STRICT;
