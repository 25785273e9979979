-- Signing in by a provider of OpenID Connect. All of it belongs to a person alone, or to nobody yet, and so has no row-level
-- security, as users and sessions have none.

-- Whom a provider names is one person here. The address is what the provider said last; nobody is known by it.
CREATE TABLE identities (
    id uuid PRIMARY KEY,
    issuer text COLLATE "C" NOT NULL CHECK (char_length(issuer) BETWEEN 1 AND 512),
    subject text COLLATE "C" NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    user_id uuid NOT NULL REFERENCES users,
    email text COLLATE "C" CHECK (char_length(email) <= 254),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- Who was sent to a provider and is to come back: once, within ten minutes, in the same browser. Both hashes are of secrets that are
-- nowhere else than there; the nonce and the verifier are made of these, and so nothing in here opens anything.
CREATE TABLE openid_flows (
    state bytea PRIMARY KEY CHECK (octet_length(state) = 32),
    browser bytea NOT NULL CHECK (octet_length(browser) = 32),
    provider text NOT NULL CHECK (char_length(provider) <= 32),
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'connect', 'confirm', 'invitation')),
    -- In which session it was begun: what it does is done there.
    session_id uuid,
    -- Whence, where nobody is signed in: as tries are counted.
    source bytea CHECK (octet_length(source) = 32),
    -- The hash of the invitation's token, as the invitation has it.
    invitation bytea CHECK (octet_length(invitation) = 32),
    next text NOT NULL CHECK (char_length(next) <= 512),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    CONSTRAINT whose_it_is CHECK ((purpose IN ('connect', 'confirm')) = (session_id IS NOT NULL)),
    CONSTRAINT whence_it_comes CHECK ((source IS NULL) = (session_id IS NOT NULL)),
    CONSTRAINT to_what_it_leads CHECK ((purpose = 'invitation') = (invitation IS NOT NULL))
);
CREATE INDEX openid_flows_by_session ON openid_flows (session_id, created_at) WHERE session_id IS NOT NULL;
CREATE INDEX openid_flows_by_source ON openid_flows (source, created_at) WHERE source IS NOT NULL;
CREATE INDEX openid_flows_by_end ON openid_flows (ends_at);

GRANT SELECT, INSERT, DELETE ON identities TO meshkey_app, meshkey_operator;
GRANT UPDATE (email, last_used_at) ON identities TO meshkey_app, meshkey_operator;
GRANT SELECT, INSERT, DELETE ON openid_flows TO meshkey_app, meshkey_operator;
