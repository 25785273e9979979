-- Whether somebody has shown that an account's address is its own: by what was mailed there, or as the host's shell has it. Who made an
-- account by a link that was passed on by hand has shown nothing.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
UPDATE users u SET email_verified_at = u.created_at
WHERE NOT EXISTS (SELECT FROM invitations i WHERE i.accepted_by = u.id);
GRANT UPDATE (email_verified_at) ON users TO meshkey_app, meshkey_operator;

-- When an invitation's link was made: it is open for as long each time, and not made anew every second.
ALTER TABLE invitations ADD COLUMN sent_at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE invitations SET sent_at = created_at;
GRANT UPDATE (sent_at) ON invitations TO meshkey_app, meshkey_operator;

-- The bucket of the account that the tries of this one are at: what failed for it is forgotten at once, from wherever it came.
ALTER TABLE sign_in_tries ADD COLUMN account bytea CHECK (octet_length(account) = 32);
CREATE INDEX sign_in_tries_by_account ON sign_in_tries (account) WHERE account IS NOT NULL;
