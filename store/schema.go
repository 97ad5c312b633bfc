package store

// applicationID marks the file as ours ("tlr1"), schemaVersion is the version
// of the tables below; see migrations. Both stand in SQLite's file header.
const (
	applicationID = 0x746c7231
	schemaVersion = 3
)

// wordingVersion is since when full text has the wordings of texts, and not the
// texts themselves.
const wordingVersion = 3

// pageSize is small for the sake of codes: a code of some kilobytes fills
// overflow pages exactly and wastes only part of one leaf. 300 tokens of 4 bit
// in 2 KB pages waste 6 %, in 4 KB 10 %, in 16 KB 26 %; reading is as fast.
const pageSize = 2048

// schema creates the tables. Big columns stand in tables of their own so that
// walking documents or passages doesn't read them. AUTOINCREMENT keeps the ids
// of deleted rows from coming back.
var schema = []string{
	// What the file was created with, and notes: see notePrefix.
	`CREATE TABLE meta (
		name  TEXT PRIMARY KEY,
		value ANY NOT NULL
	) STRICT, WITHOUT ROWID`,

	// One row of counters. change grows with every transaction; generation is
	// the codebook of the candidate index (0: none yet), building the one that
	// is going to replace it (0: none); trained is the number of tokens at the
	// last training.
	`CREATE TABLE state (
		id         INTEGER PRIMARY KEY CHECK (id = 1),
		change     INTEGER NOT NULL,
		generation INTEGER NOT NULL,
		building   INTEGER NOT NULL,
		documents  INTEGER NOT NULL,
		passages   INTEGER NOT NULL,
		tokens     INTEGER NOT NULL,
		trained    INTEGER NOT NULL
	) STRICT`,

	// time is in Unix milliseconds, metadata a JSON object.
	`CREATE TABLE documents (
		id       INTEGER PRIMARY KEY AUTOINCREMENT,
		key      TEXT NOT NULL UNIQUE,
		title    TEXT NOT NULL,
		source   TEXT NOT NULL,
		time     INTEGER,
		metadata TEXT,
		hash     BLOB NOT NULL
	) STRICT`,

	// text: see packText.
	`CREATE TABLE texts (
		document INTEGER PRIMARY KEY,
		text     BLOB NOT NULL
	) STRICT`,

	// start and end are byte offsets into the text; clusters: see packClusters.
	`CREATE TABLE passages (
		id       INTEGER PRIMARY KEY AUTOINCREMENT,
		document INTEGER NOT NULL,
		start    INTEGER NOT NULL,
		"end"    INTEGER NOT NULL,
		heading  TEXT NOT NULL,
		tokens   INTEGER NOT NULL,
		clusters BLOB
	) STRICT`,
	`CREATE INDEX passages_document ON passages (document)`,

	// A passage's token vectors; generation says which codebook encoded them.
	`CREATE TABLE codes (
		passage    INTEGER PRIMARY KEY,
		generation INTEGER NOT NULL,
		code       BLOB NOT NULL
	) STRICT`,

	// book, projection: codec.Codebook and codec.Projection.
	`CREATE TABLE codebooks (
		generation INTEGER PRIMARY KEY AUTOINCREMENT,
		book       BLOB NOT NULL,
		projection BLOB
	) STRICT`,

	// The candidate index: inverted lists of consecutive passages, first and
	// last their ids, passages their number and dead how many of them were
	// deleted since. postings: see segment.
	`CREATE TABLE segments (
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		generation INTEGER NOT NULL,
		first      INTEGER NOT NULL,
		last       INTEGER NOT NULL,
		passages   INTEGER NOT NULL,
		dead       INTEGER NOT NULL
	) STRICT`,
	`CREATE TABLE postings (
		segment INTEGER PRIMARY KEY,
		lists   BLOB NOT NULL
	) STRICT`,

	// Passages that are newer than every segment, with the distinct centroids
	// of their tokens: see packCells.
	`CREATE TABLE tail (
		passage INTEGER PRIMARY KEY,
		cells   BLOB NOT NULL
	) STRICT`,

	wordsTable,
}

// wordsTable is full text by passage, in its wording, without a copy of it.
const wordsTable = `CREATE VIRTUAL TABLE words USING fts5 (
	title, heading, body,
	content='', contentless_delete=1,
	tokenize='` + tokenizer + `'
)`

// tokenizer says what a word of a wording is, and which words are the same.
const tokenizer = `porter unicode61 remove_diacritics 2`

// See transaction.insertWords.
const insertWords = `INSERT INTO words (rowid, title, heading, body) VALUES (?, ?, ?, ?)`
