package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestScatter(t *testing.T) {
	for name, points := range map[string][]Point{
		"none": nil,
		"one":  {{"a <b> & c", 12, .5}},
		"more": {{"small", 10.5, .61}, {"large", 200, .7}, {"none", 0, 0}},
		"same": {{"x", 0, 0}, {"y", 0, 0}},
	} {
		var out bytes.Buffer
		s := Scatter{Title: "quality & time", X: "s", Y: "nDCG@10", Points: points}
		if err := s.Write(&out); err != nil {
			t.Fatal(err)
		}
		dots := 0
		text := ""
		for d := xml.NewDecoder(&out); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if token.Name.Local == "circle" {
					dots++
				}
				for _, a := range token.Attr {
					if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
						t.Errorf("%s: %s is %s", name, a.Name.Local, a.Value)
					}
				}
			case xml.CharData:
				text += string(token)
			}
		}
		if dots != len(points) {
			t.Errorf("%s: %d dots, want %d", name, dots, len(points))
		}
		for _, p := range points {
			if !strings.Contains(text, p.Name) {
				t.Errorf("%s: %q isn't there", name, p.Name)
			}
		}
	}
}

func TestAxis(t *testing.T) {
	a := newAxis([]Point{{X: .61}, {X: .73}}, func(p Point) float64 { return p.X })
	var ticks []string
	for _, v := range a.ticks() {
		ticks = append(ticks, a.text(v))
	}
	if got := strings.Join(ticks, " "); got != "0.55 0.60 0.65 0.70 0.75" {
		t.Errorf("ticks %s", got)
	}
}
