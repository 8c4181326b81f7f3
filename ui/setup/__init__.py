"""The first start on a laptop: enrolment, passphrase and the recovery key."""
