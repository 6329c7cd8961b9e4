-- What an organization knows of its user by itself: the address and the name as its administrator wrote them. Null is
-- what the operator wrote.
ALTER TABLE memberships ADD COLUMN email TEXT;
ALTER TABLE memberships ADD COLUMN name TEXT;
ALTER TABLE memberships ADD COLUMN created TEXT;
ALTER TABLE memberships ADD COLUMN disabled TEXT;

-- Whose callers said it; empty of what was said before this was kept.
ALTER TABLE feedback ADD COLUMN organization TEXT NOT NULL DEFAULT '';
CREATE INDEX feedback_of_organizations ON feedback (organization, at);
