-- `meshkey login` (RFC 8628): a terminal asks for a key, a person says on a page what it may have, and the terminal comes for it.
-- The device code is known to the terminal alone: here is its SHA-256. The user code is what people compare; by itself it opens
-- nothing. A login belongs to no org before somebody has approved it, and to a person alone after that; it is gone ten minutes later.

CREATE TABLE device_logins (
    id uuid PRIMARY KEY,
    device_hash bytea NOT NULL UNIQUE CHECK (octet_length(device_hash) = 32),
    user_code text COLLATE "C" NOT NULL UNIQUE CHECK (user_code ~ '^[BCDFGHJKLMNPQRSTVWXZ]{8}$'),
    -- What the terminal says of itself, and what it asks for.
    device text NOT NULL CHECK (char_length(device) BETWEEN 1 AND 64),
    asked jsonb NOT NULL CHECK (octet_length(asked::text) <= 20000),
    address inet,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    -- When the terminal last came, and for how many seconds it has to stay away: counted here, so that all replicas count together.
    polled_at timestamptz,
    pause integer NOT NULL DEFAULT 5 CHECK (pause BETWEEN 5 AND 600),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'denied', 'taken')),
    -- Who has typed the code last: nobody else sees the login, or decides.
    user_id uuid REFERENCES users,
    -- What was approved, for which org, and in which session: it is judged again when the terminal comes.
    org_id uuid REFERENCES orgs,
    session_hash bytea CHECK (octet_length(session_hash) = 32),
    granted jsonb CHECK (octet_length(granted::text) <= 20000),
    CONSTRAINT approval_is_whole CHECK (
        state NOT IN ('approved', 'taken')
        OR num_nulls(user_id, org_id, session_hash, granted) = 0)
);
CREATE INDEX device_logins_by_end ON device_logins (ends_at);

GRANT SELECT, INSERT ON device_logins TO meshkey_app, meshkey_operator;
GRANT UPDATE (polled_at, pause, state, user_id, org_id, session_hash, granted) ON device_logins TO meshkey_app, meshkey_operator;
GRANT DELETE ON device_logins TO meshkey_operator;
