-- Passkeys (WebAuthn): what opens an account instead of a password and a second factor. They belong to a person alone, and so have
-- no row-level security, as users and sessions have none.

CREATE TABLE passkeys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    credential_id bytea NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    -- The public key, and the counter that was last seen. Nothing of it opens anything.
    credential jsonb NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz
);
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- What a browser was asked and has not yet answered, by the SHA-256 of what the page knows it by. An answer is taken once, from the
-- session that has asked; before somebody has signed in there is none.
CREATE TABLE ceremonies (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    purpose text NOT NULL CHECK (purpose IN ('add', 'confirm', 'factor', 'sign_in')),
    session_id uuid REFERENCES sessions ON DELETE CASCADE,
    -- Whence, where nobody is signed in: as tries are counted.
    source bytea CHECK (octet_length(source) = 32),
    state jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    CONSTRAINT asked_of_somebody CHECK ((session_id IS NULL) = (purpose = 'sign_in') AND (source IS NULL) = (session_id IS NOT NULL))
);
CREATE INDEX ceremonies_by_session ON ceremonies (session_id, created_at) WHERE session_id IS NOT NULL;
CREATE INDEX ceremonies_by_source ON ceremonies (source, created_at) WHERE source IS NOT NULL;
CREATE INDEX ceremonies_by_end ON ceremonies (ends_at);

GRANT SELECT, INSERT, DELETE ON passkeys TO meshkey_app, meshkey_operator;
GRANT UPDATE (credential, used_at) ON passkeys TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON ceremonies TO meshkey_app, meshkey_operator;
