-- Tokens are short and bound to the key of their laptop; "" in those of an older server.
ALTER TABLE token ADD COLUMN thumbprint TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN login_expires_at TEXT NOT NULL DEFAULT '';

-- Proofs that were shown, so that each serves once. They are kept until they are too old anyway.
CREATE TABLE used_proof (
    thumbprint TEXT NOT NULL,
    name TEXT NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (name, thumbprint)
);
CREATE INDEX used_proof_by_end ON used_proof (until);

-- Tries of the last while, counted for a user name, a laptop or an address (as a fingerprint).
CREATE TABLE tried (
    what TEXT NOT NULL PRIMARY KEY,
    since TEXT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX tried_by_age ON tried (since);

-- Whether the laptop's disk was encrypted when it was made known; NULL where it did not tell.
ALTER TABLE device ADD COLUMN disk_encrypted INTEGER CHECK (disk_encrypted IN (0, 1));
