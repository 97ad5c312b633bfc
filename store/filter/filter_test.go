package filter

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// library is what the tests filter: a key, title, source, time and metadata.
var library = []struct {
	key, title, source string
	time               any
	metadata           any
}{
	{"a", "Bread", "food/bread.md", ms("2024-05-01T12:00:00Z"), `{"author": "Ada", "year": 1840, "tags": ["flour", "oven", 7, true], "draft": false, "n": {"x": {"y": "deep"}}}`},
	{"b", "Soup", "food/soup.txt", ms("2024-05-02T00:00:00Z"), `{"author": "Bea", "year": 1999.5, "tags": "oven", "draft": true, "odd name": 1, "n": {"x": "oven"}}`},
	{"c", "Äpfel", "garden/äpfel.md", ms("2023-12-31T23:59:59.999Z"), `{"author": null, "year": "1840", "a\u0026b": "x&y", "title": "inner", "päth": "ü", "tags": {"oven": "oven"}}`},
	{"d", "", "", nil, nil},
	{"it's \"d\"", "100%", `C:\notes\x`, ms("1969-12-31T23:59:59Z"), `{"a": {"b.c": 1}, "": "empty", "text": "{\"b\":1}", "obj": {"b":1}, "big": 9223372036854775807, "1": {"2": 3}}`},
}

// pages are the passages of these documents, by their numbers, with what their headings
// say.
var pages = []struct {
	document int
	heading  string
}{{1, "page 1"}, {1, "pages 2-4"}, {1, "page 12"}, {2, "Soup > page 3"}, {2, "pages of bread"}, {3, "page 10"}, {4, ""}}

func ms(s string) int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func open(tb testing.TB) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	if _, err := db.Exec(`CREATE TABLE documents (id INTEGER PRIMARY KEY, key TEXT, title TEXT, source TEXT, time INTEGER, metadata TEXT)`); err != nil {
		tb.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE passages (document INTEGER, heading TEXT NOT NULL)`); err != nil {
		tb.Fatal(err)
	}
	for _, p := range pages {
		if _, err := db.Exec(`INSERT INTO passages VALUES (?, ?)`, p.document, p.heading); err != nil {
			tb.Fatal(err)
		}
	}
	for _, d := range library {
		if _, err := db.Exec(`INSERT INTO documents (key, title, source, time, metadata) VALUES (?, ?, ?, ?, ?)`, d.key, d.title, d.source, d.time, d.metadata); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

// keys returns the keys of the documents that an expression holds for.
func keys(tb testing.TB, db *sql.DB, e *Expr) []string {
	tb.Helper()
	condition, args := e.SQL()
	rows, err := db.Query("SELECT d.key, "+condition+" FROM documents AS d ORDER BY d.id", args...)
	if err != nil {
		tb.Fatalf("%s: %v", condition, err)
	}
	defer rows.Close()
	found := []string{}
	for rows.Next() {
		var key string
		var holds sql.NullInt64
		if err := rows.Scan(&key, &holds); err != nil {
			tb.Fatalf("%s: %v", condition, err)
		}
		if !holds.Valid || holds.Int64 != 0 && holds.Int64 != 1 {
			tb.Fatalf("%s gives %v for %q", condition, holds, key)
		}
		if holds.Int64 == 1 {
			found = append(found, key)
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatalf("%s: %v", condition, err)
	}
	return found
}

func TestFilter(t *testing.T) {
	db := open(t)
	const quotes = `it's "d"`
	all := []string{"a", "b", "c", "d", quotes}
	for _, c := range []struct {
		expr string
		want []string
	}{
		{``, all},
		{"  \n", all},
		{`key = "a"`, []string{"a"}},
		{`key == 'a'`, []string{"a"}},
		{`key != "a"`, []string{"b", "c", "d", quotes}},
		{`key in ("a", 'b', "zz")`, []string{"a", "b"}},
		{`key not in ("a", 'b')`, []string{"c", "d", quotes}},
		{`key = 'it''s "d"'`, []string{quotes}},
		{`key = "it's ""d"""`, []string{quotes}},
		{`title = "Äpfel"`, []string{"c"}},
		{`title < "C"`, []string{"a", "d", quotes}},
		{`title <= "Bread"`, []string{"a", "d", quotes}},
		{`title > "Bread" and title >= "Soup"`, []string{"b", "c"}},
		{`has title`, []string{"a", "b", "c", quotes}},
		{`has source and not has time`, []string{}},
		{`not has time`, []string{"d"}},
		{`source ~ "food/*"`, []string{"a", "b"}},
		{`source ~ "*.md"`, []string{"a", "c"}},
		{`source ~ "FOOD*"`, []string{}},
		{`source ~ "food/[a-c]????.md"`, []string{"a"}},
		{`source = "C:\notes\x"`, []string{quotes}},
		{`title ~ "100%"`, []string{quotes}},

		{`time = 2024-05-01`, []string{"a"}},
		{`time = "2024-05-01"`, []string{"a"}},
		{`time < 2024-05-01`, []string{"c", quotes}},
		{`time <= 2024-05-01`, []string{"a", "c", quotes}},
		{`time > 2024-05-01`, []string{"b"}},
		{`time >= 2024-05-01`, []string{"a", "b"}},
		{`time != 2024-05-01`, []string{"b", "c", "d", quotes}},
		{`time in (2024-05-01, 2023-12-31)`, []string{"a", "c"}},
		{`time = 2024-05-01T14:00:00+02:00`, []string{"a"}},
		{`time < 2024-05-01T12:00:00Z`, []string{"c", quotes}},
		{`time <= 2024-05-01T12:00:00Z`, []string{"a", "c", quotes}},
		{`time > 2023-12-31T23:59:59.998Z and time < 2024-01-01`, []string{"c"}},
		{`time < 1970-01-01`, []string{quotes}},

		{`page = 1`, []string{"a"}},
		{`page = 3`, []string{"a"}},
		{`page = 4 or page = 10`, []string{"a", "c"}},
		{`page = 5`, []string{}},
		{`page in (5, 10, "x")`, []string{"c"}},
		{`page = "3"`, []string{}},
		{`page > 10`, []string{"a"}},
		{`page >= 10`, []string{"a", "c"}},
		{`page < 2`, []string{"a"}},
		{`page <= 10`, []string{"a", "c"}},
		{`has page`, []string{"a", "c"}},
		{`not page = 1`, []string{"b", "c", "d", quotes}},
		{`page != 10`, []string{"a", "b", "d", quotes}},
		{`page ~ "*"`, []string{}},
		{`page has 3`, []string{}},
		{"`page` = 3", []string{}},
		{`title ~ "[Bb][^x]*"`, []string{"a"}},
		{`title ~ "[]%]*" or title ~ "*[[]*"`, []string{}},

		{`author = "Ada"`, []string{"a"}},
		{`author != "Ada"`, []string{"b", "c", "d", quotes}},
		{`author ~ "?[e-f]a"`, []string{"b"}},
		{`author in ("Ada", "Bea", 7)`, []string{"a", "b"}},
		{`author not in ("Ada")`, []string{"b", "c", "d", quotes}},
		{`has author`, []string{"a", "b"}},
		{`year = 1840`, []string{"a"}},
		{`year = 1840.0`, []string{"a"}},
		{`year = "1840"`, []string{"c"}},
		{`year in ("1840", 1999.5)`, []string{"b", "c"}},
		{`year > 1840`, []string{"b"}},
		{`year >= +1840 and year < 1.9e3`, []string{"a"}},
		{`year > ""`, []string{"c"}},
		{`year > -5`, []string{"a", "b"}},
		{`draft = true`, []string{"b"}},
		{`draft = FALSE`, []string{"a"}},
		{`draft != true`, []string{"a", "c", "d", quotes}},
		{`draft in (true, false)`, []string{"a", "b"}},
		{`draft = 1`, []string{}},
		{`draft < 2`, []string{}},
		{`big = 9223372036854775807`, []string{quotes}},
		{`text = '{"b":1}'`, []string{quotes}},
		{`obj = '{"b":1}'`, []string{}},
		{`has obj`, []string{quotes}},

		{`tags has "oven"`, []string{"a", "b"}},
		{`not tags has "oven"`, []string{"c", "d", quotes}},
		{`tags has 7`, []string{"a"}},
		{`tags has "7"`, []string{}},
		{`tags has true`, []string{"a"}},
		{`tags has 1`, []string{}},
		{`author has "Ada"`, []string{"a"}},

		{`n.x.y = "deep"`, []string{"a"}},
		{`has n.x`, []string{"a", "b"}},
		{"`odd name` = 1", []string{"b"}},
		{"`title` = 'inner'", []string{"c"}},
		{"a.`b.c` = 1", []string{quotes}},
		{"`` = 'empty'", []string{quotes}},
		{"`1`.2 = 3", []string{quotes}},
		{"`a&b` = 'x&y'", []string{"c"}},
		{`päth = "ü"`, []string{"c"}},

		{`key = "a" or key = "b" and key = "c"`, []string{"a"}},
		{`(key = "a" or key = "b") and author = "Bea"`, []string{"b"}},
		{`not key = "a" and not (key = "b" or key = "c")`, []string{"d", quotes}},
		{`NOT not key = "a" OR key In ("b")`, []string{"a", "b"}},
		{`key="a"or(key="b")and(not(key="c"))`, []string{"a", "b"}},

		{`key = "a' OR 1=1 --"`, []string{}},
		{"`x') OR 1=1 --` = 1", []string{}},
		{"`$.a` = 1 or `*` = 1 or `[0]` = 1 or `#` = 1", []string{}},
	} {
		t.Run(c.expr, func(t *testing.T) {
			e, err := Parse(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := keys(t, db, e); !slices.Equal(got, c.want) {
				condition, args := e.SQL()
				t.Errorf("got %q, want %q from %s %q", got, c.want, condition, args)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`key`, `column 4: expected one of = != < <= > >= ~ in has, found the end`},
		{`key = `, `column 7: expected a string, which is what key is, found the end`},
		{`key = 5`, `column 7: expected a string, which is what key is, found "5"`},
		{`title = true`, `column 9: expected a string, which is what title is, found "true"`},
		{`= 5`, `column 1: expected a field, like title or author, found "="`},
		{`and`, `column 1: expected a field, like title or author, found "and"`},
		{`"a" = "b"`, `column 1: expected a field, like title or author, found the string "a"`},
		{`a = b`, `column 5: expected a value: a string in quotes, a number, true or false, found "b"`},
		{`ä = 1 ü`, `column 7: expected "and", "or" or the end, found "ü"`},
		{`(a = 1`, `column 7: expected "and", "or" or ")", found the end`},
		{`a = 1)`, `column 6: expected "and", "or" or the end, found ")"`},
		{`a in 1`, `column 6: expected "(", found "1"`},
		{`a in (1 2)`, `column 9: expected "," or ")", found "2"`},
		{`a in ()`, `column 7: expected a value: a string in quotes, a number, true or false, found ")"`},
		{`a not = 1`, `column 7: expected "in", found "="`},
		{`a = "x`, `column 5: the string that begins here has no closing "`},
		{"`a = 1", "column 1: the name that begins here has no closing `"},
		{`a = 1 and; b = 1`, `column 10: unexpected character ';'`},
		{`a ! 1`, `column 3: unexpected character '!'`},
		{`a = 12abc`, `column 5: expected a number, found "12abc"`},
		{`a = 0x10`, `column 5: expected a number, found "0x10"`},
		{`a = 1e999`, `column 5: expected a number, found "1e999"`},
		{`a = 1_000`, `column 5: expected a number, found "1_000"`},
		{`a = 2024-05-01`, `column 5: expected a date in metadata between quotes, to be compared as text, found "2024-05-01"`},
		{`a = 2024-13-01`, `column 5: expected a number, found "2024-13-01"`},
		{`time = 2024-02-30`, `column 8: expected a time, like 2024-05-01 or 2024-05-01T12:00:00Z, to the millisecond, found "2024-02-30"`},
		{`time = yesterday`, `column 8: expected a time, like 2024-05-01 or 2024-05-01T12:00:00Z, to the millisecond, found "yesterday"`},
		{`time > 2024-05-01T12:00:00.0001Z`, `column 8: expected a time, like 2024-05-01 or 2024-05-01T12:00:00Z, to the millisecond, found "2024-05-01T12:00:00.0001Z"`},
		{`time ~ 2024-05-01`, `column 6: ~ needs a pattern: expected a string`},
		{`a ~ 5`, `column 3: ~ needs a pattern: expected a string`},
		{`title ~ 'a['`, `column 7: the pattern "a[" has a [ without its ]; for the character itself write [[]`},
		{`a ~ '[^]'`, `column 3: the pattern "[^]" has a [ without its ]; for the character itself write [[]`},
		{`a ~ '[a][]'`, `column 3: the pattern "[a][]" has a [ without its ]; for the character itself write [[]`},
		{`title ~ '` + strings.Repeat("a", maxGlob+1) + `'`, `column 7: the pattern has 50001 bytes, at most 50000 are possible`},
		{`a < true`, `column 3: < with true or false: expected =, != or has`},
		{`title has "x"`, `column 7: has looks into lists of metadata; key, title, source and time are none`},
		{`has 5`, `column 5: expected a field, like title or author, found "5"`},
		{`a. = 5`, `column 4: expected a name after the dot, found "="`},
		{"`a\"b` = 1", "column 1: the name `a\"b` has a double quote or backslash"},
		{`a = "` + "\x00" + `"`, `column 6: the byte 0x0 is not possible: expected text in UTF-8`},
		{"é = '\xff'", `column 6: the byte 0xff is not possible: expected text in UTF-8`},
		{strings.Repeat("a = 1 and ", maxConditions) + "a = 1", `column 2561: more than 256 conditions`},
		{strings.Repeat("(", maxDepth+1), `column 65: more than 64 levels of parentheses and not`},
		{strings.Repeat("not ", maxDepth+1), `column 257: more than 64 levels of parentheses and not`},
		{"a in (" + strings.Repeat("1,", maxValues) + "1)", `column 8199: more than 4096 values`},
		{strings.Repeat(" ", maxLength+1), `the expression has 65537 bytes, at most 65536 are possible`},
	} {
		e, err := Parse(c.expr)
		if err == nil {
			t.Errorf("%.50q is taken: %+v", c.expr, e)
		} else if err.Error() != "filter: "+c.want {
			t.Errorf("%.50q\ngot  %v\nwant filter: %s", c.expr, err, c.want)
		}
	}
}

// TestLargest has the largest expressions that are possible: SQLite must take
// them.
func TestLargest(t *testing.T) {
	db := open(t)
	deep := strings.Repeat("not (", maxDepth/2)
	for name, expr := range map[string]string{
		"and":    strings.Repeat("n.x.y != 1 and ", maxConditions-1) + "title != 'x'",
		"or":     strings.Repeat("tags has 'x' or ", maxConditions-1) + "title ~ 'x'",
		"nested": deep + strings.Repeat("a in (1, 'a', true) or ", maxConditions-1) + "a = 1" + strings.Repeat(")", maxDepth/2),
		"chain":  strings.Repeat("(a = 1 and (b = 2 or not c < 3) and not ", maxDepth/2-1) + "a = 1" + strings.Repeat(")", maxDepth/2-1),
		"values": "a in (" + strings.Repeat("1, 'x', ", maxValues/2-1) + "true)",
		"pages":  "page in (" + strings.Repeat("1,", maxValues-1) + "1)",
		"times":  "time in (" + strings.Repeat("2024-05-01,", 500) + "2024-05-01)",
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(expr)
			if err != nil {
				t.Fatal(err)
			}
			keys(t, db, e)
		})
	}
}

// TestHostileGlob has a pattern that a naive matcher takes for ever to refuse.
func TestHostileGlob(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`INSERT INTO documents (key, title) VALUES ('long', ?)`, strings.Repeat("a", 100_000)); err != nil {
		t.Fatal(err)
	}
	e, err := Parse(fmt.Sprintf("title ~ '%sb'", strings.Repeat("*a", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if got := keys(t, db, e); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// vocabulary is every word that SQL writes.
var vocabulary = regexp.MustCompile(`^(?:coalesce|json_type|json_extract|json_each|d\.(?:id|key|title|source|time|metadata)|e\.(?:type|value)|p\.(?:document|heading)|passages|p|` +
	`CAST|INTEGER|max|instr|substr|[+]|'page \[0-9\][*]'|'pages \[0-9\][*]-\[0-9\][*]'|' '|'-'|` +
	`'(?:null|object|text|integer|real|true|false)'|NOT|AND|OR|IN|IS|NULL|GLOB|EXISTS|SELECT|FROM|WHERE|AS|e|0|1|<>|<=|>=|[<>=(),? ])*$`)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`author = "Ada" and year >= 1840 and not tags has "draft"`, `source ~ "a*[b-c]?" or time >= 2024-05-01`,
		"`odd name`.x in (1, 2.5, 'x', true)", `has a.b.c and (time = 2024-05-01T12:00:00Z or time != "2024-05-01")`,
		`not (key = 'it''s' or title < "x")`, `a = "x') OR 1=1 --"`, "`') OR 1=1 --` = 1", `a ~ "[" or a ~ "[^" or a ~ "[a-"`,
	} {
		f.Add(s)
	}
	f.Add(`page >= 3 or not page in (1, "x") and has page`)
	db := open(f)
	f.Fuzz(func(t *testing.T, expr string) {
		e, err := Parse(expr)
		if err != nil {
			if e != nil || !strings.HasPrefix(err.Error(), "filter: ") {
				t.Fatalf("%v with %v", e, err)
			}
			return
		}
		condition, args := e.SQL()
		if !vocabulary.MatchString(condition) {
			t.Fatalf("the SQL has words of the expression: %s", condition)
		}
		if n := strings.Count(condition, "?"); n != len(args) {
			t.Fatalf("%d arguments for %d parameters: %s", len(args), n, condition)
		}
		found := keys(t, db, e)
		if strings.TrimSpace(expr) == "" {
			return
		}
		if opposite, err := Parse("not (" + expr + ")"); err == nil { // else it is too deep or long
			if both := append(keys(t, db, opposite), found...); len(both) != len(library) {
				t.Fatalf("the expression holds for %q, it and its opposite for %q", found, both)
			}
		}
	})
}

// TestPassages restricts passages, of which only page knows more than their documents do.
func TestPassages(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`UPDATE documents SET metadata = '{"page": 12}' WHERE id = 4`); err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]string{
		`page = 3`: "pages 2-4", `page = 12`: "page 12,", `page >= 4 and page < 11`: "pages 2-4,page 10", `key = "a" and not page > 3`: "page 1",
		`page = 1 or key = "c"`: "page 1,page 10", `has page and key in ("a", "b")`: "page 1,pages 2-4,page 12", `page != 12 and key in ("c", "d")`: "page 10",
	} {
		e, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		condition, args := e.PassageSQL()
		rows, err := db.Query("SELECT p.heading FROM documents d JOIN passages p ON p.document = d.id WHERE "+condition+" ORDER BY p.rowid", args...)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for rows.Next() {
			var heading string
			if err := rows.Scan(&heading); err != nil {
				t.Fatal(err)
			}
			found = append(found, heading)
		}
		if got := strings.Join(found, ","); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	db := open(t)
	e, err := Parse("author = 1 and (not has n.x or `odd name` in (1, 2)) and sorce ~ '*' and time > 2024-01-01 and author = 2 and page = 1 and `title` = 'x' and null.x = 1")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range e.Fields() {
		condition, args := f.SQL()
		var there bool
		if err := db.QueryRow("SELECT EXISTS (SELECT 1 FROM documents d WHERE "+condition+")", args...).Scan(&there); err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(f.Name, " ", there))
	}
	want := "author true, n.x true, `odd name` true, sorce false, page true, `title` true, null.x false"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{"author": "author", "title": "`title`", "odd name": "`odd name`", "and": "`and`", "a`b": "`a``b`", "": "``", "1": "`1`", "page": "page"} {
		if got := Quote(name); got != want {
			t.Errorf("%q is written %s, want %s", name, got, want)
		}
		if _, err := Parse("has " + want); err != nil {
			t.Error(err)
		}
	}
}
