-- Who made a token: the identifier of a user or of another token, or `local`, who may write this file. Null is of before
-- this was kept.
ALTER TABLE tokens ADD COLUMN created_by TEXT;
CREATE INDEX tokens_of_makers ON tokens (created_by);
CREATE INDEX tokens_of_users ON tokens (user);
CREATE INDEX refresh_tokens_of_grants ON oauth_refresh_tokens (grant_id, created);

-- What a call changed or made, by its identifier; empty where it is nothing that is kept.
ALTER TABLE audit_log ADD COLUMN target TEXT NOT NULL DEFAULT '';
