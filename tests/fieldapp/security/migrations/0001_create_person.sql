CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE person_words USING fts5(name, tokenize = 'unicode61 remove_diacritics 0');
-- Where every store remembers how far it has come.
CREATE TABLE store_state (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
