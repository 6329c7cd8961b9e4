-- Accounts at an OpenID provider by which users sign in. A user has one at a provider, and each is one user's.
CREATE TABLE external_accounts (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (id),
    created TEXT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user)
) STRICT, WITHOUT ROWID;

-- Sign-ins at a provider that have begun: the SHA-256 of what the browser's cookie holds, and where to go then.
CREATE TABLE external_sign_ins (
    hash BLOB PRIMARY KEY,
    next TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT, WITHOUT ROWID;
