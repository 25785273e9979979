-- How people sign in. All of it belongs to a person alone, and so has no row-level security, as users and sessions have none.

-- The hash of a person's password: argon2id, as a PHC string.
CREATE TABLE passwords (
    user_id uuid PRIMARY KEY REFERENCES users,
    hash text COLLATE "C" NOT NULL CHECK (hash ^@ '$argon2id$' AND char_length(hash) <= 256),
    set_at timestamptz NOT NULL DEFAULT now()
);

-- A second factor (RFC 6238). It counts from when a first code has shown that the person has it. Each step counts once.
CREATE TABLE totp (
    user_id uuid PRIMARY KEY REFERENCES users,
    secret bytea NOT NULL CHECK (octet_length(secret) = 20),
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);

-- For who has lost the second factor: each of them once.
CREATE TABLE recovery_codes (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id uuid NOT NULL REFERENCES users,
    used_at timestamptz
);
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- What failed for one account, or from one address: a bucket is the SHA-256 of which, so that no address for e-mail is kept that
-- somebody has only typed. After some failures it pauses, longer from one to the next.
CREATE TABLE sign_in_tries (
    bucket bytea PRIMARY KEY CHECK (octet_length(bucket) = 32),
    failures integer NOT NULL CHECK (failures > 0),
    last_at timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE INDEX sign_in_tries_by_age ON sign_in_tries (last_at);

GRANT SELECT, INSERT ON passwords TO meshkey_app, meshkey_operator;
GRANT UPDATE (hash, set_at) ON passwords TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON totp TO meshkey_app, meshkey_operator;
GRANT UPDATE (secret, confirmed_at, last_step) ON totp TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON recovery_codes TO meshkey_app, meshkey_operator;
GRANT UPDATE (used_at) ON recovery_codes TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON sign_in_tries TO meshkey_app, meshkey_operator;
GRANT UPDATE (failures, last_at, blocked_until) ON sign_in_tries TO meshkey_app, meshkey_operator;
