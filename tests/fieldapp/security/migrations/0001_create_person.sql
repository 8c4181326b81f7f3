CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE person_words USING fts5(name, tokenize = 'unicode61 remove_diacritics 0');
