CREATE TABLE orders (id TEXT PRIMARY KEY, sku TEXT, cents INTEGER, packed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX waiting ON orders (id) WHERE packed = 0;
CREATE TABLE prices (sku TEXT PRIMARY KEY, cents INTEGER);
INSERT INTO prices VALUES ('book', 1290), ('lamp', 4900), ('teapot', 3450), ('kite', 2100), ('clock', 8800);
