package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
)

const samples = "../../../testdata/formats"

// TestCharsetFiles reads files in encodings that they declare, or don't.
func TestCharsetFiles(t *testing.T) {
	for file, want := range map[string]string{
		"cp1251.txt": "насос", "koi8r.txt": "насос", "gbk.txt": "起重机", "sjis.txt": "クレーン", "utf32le_bom.txt": "Ölpumpe", "utf16.txt": "crane oiled",
		"cp1251.xml": "насос", "late_meta.html": "クレーン", "xmldecl.html": "Žeriav", "../epub/cp1251.epub": "маяка",
	} {
		data, err := os.ReadFile(filepath.Join(samples, "charset", file))
		if err != nil {
			t.Fatal(err)
		}
		if d := one(t, file, data); !strings.Contains(d.Text, want) || len(d.Missing) > 0 {
			t.Errorf("%s: no %q in %q, missing %q", file, want, d.Text, d.Missing)
		}
	}
}

// TestGuess guesses encodings by a sentence or two.
func TestGuess(t *testing.T) {
	for _, c := range []struct{ text, charsets string }{
		{"L’été dernier, la grue du port était à nouveau hors service. Les dockers ont dû décharger à la main.", "windows-1252"},
		{"Die Hafenbehörde prüft die Gebühren für größere Schiffe. Über die Höhe wird später entschieden.", "windows-1252 iso-8859-1"},
		{"Příliš žluťoučký kůň úpěl ďábelské ódy. Přístavní jeřáb zvedl před soumrakem čtyřicet kontejnerů.", "windows-1250 iso-8859-2"},
		{"Zażółć gęślą jaźń. Dźwig portowy podniósł czterdzieści kontenerów przed zmierzchem, a załoga poszła do domu.", "windows-1250 iso-8859-2"},
		{"Портовый кран поднял сорок контейнеров до наступления сумерек.", "windows-1251 koi8-r ibm866 iso-8859-5"},
		{"Насос сломан", "windows-1251 koi8-r"},
		{"Ο γερανός του λιμανιού σήκωσε σαράντα κοντέινερ πριν το σούρουπο.", "windows-1253 iso-8859-7"},
		{"Liman vinci güneş batmadan önce kırk konteyner kaldırdı. Işıklar söndü, gemi yavaşça uzaklaştı.", "windows-1254"},
		{"מנוף הנמל הרים ארבעים מכולות לפני רדת החשיכה.", "windows-1255"},
		{"رفعت رافعة الميناء أربعين حاوية قبل الغسق.", "windows-1256"},
		{"港口起重机在黄昏前吊起了四十个集装箱。", "gb18030"},
		{"起重机坏了", "gb18030"},
		{"港口起重機在黃昏前吊起了四十個貨櫃。", "big5"},
		{"港のクレーンは夕暮れ前に四十個のコンテナを持ち上げた。", "shift_jis euc-jp iso-2022-jp"},
		{"항구의 크레인이 해질녘 전에 컨테이너 마흔 개를 들어 올렸다.", "euc-kr"},
	} {
		for name := range strings.FieldsSeq(c.charsets) {
			e, _ := charset.Lookup(name)
			raw, err := e.NewEncoder().String(c.text)
			if err != nil {
				t.Fatal(name, err)
			}
			if d := one(t, "a.txt", []byte(raw)); d.Text != c.text || len(d.Missing) > 0 {
				t.Errorf("%s: got %q, want %q", name, d.Text, c.text)
			}
		}
	}
}

// TestReplaced expects a word about everything that becomes U+FFFD.
func TestReplaced(t *testing.T) {
	for data, want := range map[string]string{
		"Grüße, Grüße\xff Grüße":                         "1 bytes or characters that are no UTF-8, each now U+FFFD",
		"<meta charset=euc-kr>\xc7\xd7\xb1\xb8 \xff\xff": "2 bytes or characters that are no euc-kr, each now U+FFFD",
		"text " + strings.Repeat("text ", 2000) + "\x00": "1 NUL characters, each now U+FFFD",
	} {
		name := "a.txt"
		if data[0] == '<' {
			name = "a.html"
		}
		if d := one(t, name, []byte(data)); len(d.Missing) != 1 || d.Missing[0] != want {
			t.Errorf("missing %q, want %q", d.Missing, want)
		}
	}
}

// TestGuessWestern has a few letters of Western Europe, as English texts do: nothing to
// tell a rarer encoding by.
func TestGuessWestern(t *testing.T) {
	for _, text := range []string{"The café is open.", "naïve", "It’s “fine” – really", "100 € per day", "Zoë", "Crêpes", "São Paulo é grande", "El niño comió piñas mañana en España", "Ångström är en enhet", "smørrebrød på bordet", "Fußgänger", "größer", "Müller", "¿Qué?", "© 2020 Müller GmbH", "Ünïcödé", "dépêche à Genève où l’on naît", "Été", "ÄÖÜ", "ÀÉÈÙÇ", "temperature 25° C ± 2", "½ cup of flour", "name: José\nage: 5\n", "Grüße, “Zoë” – 100 €\nzweite Zeile\n", "Não há informação disponível sobre a operação", "Päivää, mitä kuuluu", "façade, coöperate, résumé, jalapeño", "§ 5 Abs. 2", "Ørsted & Åse", "ÖVERSÄTTNING", "GRÖSSE ÄNDERN ÜBER", strings.Repeat("x y z\n", 100) + "é"} {
		raw, err := charmap.Windows1252.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if d := one(t, "a.txt", []byte(raw)); d.Text != text {
			t.Errorf("got %q, want %q", d.Text, text)
		}
	}
}
