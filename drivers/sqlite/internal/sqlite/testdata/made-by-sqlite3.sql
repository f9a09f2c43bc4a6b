-- made-by-sqlite3.db is what the sqlite3 program, version 3.40.1, makes of this file:
--   rm -f made-by-sqlite3.db && sqlite3 made-by-sqlite3.db < made-by-sqlite3.sql
CREATE TABLE city (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    founded DATE,
    area    REAL
);
INSERT INTO city (id, name, founded, area) VALUES
    (1, 'Genève',  NULL,         15.93),
    (2, 'Zürich',  NULL,         87.88),
    (3, 'Brasília', '1960-04-21', 5760.78);
CREATE INDEX city_name ON city (name);
PRAGMA user_version = 7;
