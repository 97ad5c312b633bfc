package plot

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
)

// A Point is something with two figures.
type Point struct {
	Name string
	X, Y float64 // finite
}

// A Scatter is a picture of points.
type Scatter struct {
	Title  string
	X, Y   string // what the axes show, with the unit
	Points []Point
}

// Size of a picture and the frame inside it, in pixels.
const (
	width, height            = 640, 420
	left, right, top, bottom = 70, 610, 50, 360
)

// Write writes the picture.
func (s *Scatter) Write(w io.Writer) error {
	x, y := newAxis(s.Points, func(p Point) float64 { return p.X }), newAxis(s.Points, func(p Point) float64 { return p.Y })
	type mark struct {
		At   float64
		Text string
	}
	type dot struct {
		X, Y   float64
		Anchor string // of the name beside it
		DX     float64
		Name   string
	}
	drawn := struct {
		*Scatter
		Width, Height, Left, Right, Top, Bottom int
		XMarks, YMarks                          []mark
		Dots                                    []dot
	}{Scatter: s, Width: width, Height: height, Left: left, Right: right, Top: top, Bottom: bottom}
	for _, v := range x.ticks() {
		drawn.XMarks = append(drawn.XMarks, mark{x.place(v, left, right), x.text(v)})
	}
	for _, v := range y.ticks() {
		drawn.YMarks = append(drawn.YMarks, mark{y.place(v, bottom, top), y.text(v)})
	}
	for _, p := range s.Points {
		d := dot{X: x.place(p.X, left, right), Y: y.place(p.Y, bottom, top), Anchor: "start", DX: 9, Name: p.Name}
		if d.X > (left+right)/2 {
			d.Anchor, d.DX = "end", -9
		}
		drawn.Dots = append(drawn.Dots, d)
	}
	if err := picture.Execute(w, drawn); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return nil
}

// picture is SVG, whose text html/template escapes as HTML's, which is the same.
var picture = template.Must(template.New("scatter").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>{{.Title}}</title>
<style>text { fill: #333 } .line { stroke: #8884 } .dot { fill: #2563c9 } @media (prefers-color-scheme: dark) { text { fill: #ddd } .dot { fill: #7cb0ff } }</style>
<text x="{{.Left}}" y="26" font-size="16" font-weight="600">{{.Title}}</text>
{{- range .XMarks}}
<line class="line" x1="{{.At}}" x2="{{.At}}" y1="{{$.Top}}" y2="{{$.Bottom}}"/><text x="{{.At}}" y="378" text-anchor="middle">{{.Text}}</text>
{{- end}}
{{- range .YMarks}}
<line class="line" y1="{{.At}}" y2="{{.At}}" x1="{{$.Left}}" x2="{{$.Right}}"/><text x="62" y="{{.At}}" dy="4" text-anchor="end">{{.Text}}</text>
{{- end}}
<text x="340" y="405" text-anchor="middle">{{.X}}</text>
<text transform="translate(18 205) rotate(-90)" text-anchor="middle">{{.Y}}</text>
{{- range .Dots}}
<circle class="dot" cx="{{.X}}" cy="{{.Y}}" r="5"/><text x="{{.X}}" y="{{.Y}}" dx="{{.DX}}" dy="4" text-anchor="{{.Anchor}}">{{.Name}}</text>
{{- end}}
</svg>
`))

// An axis runs from one round number to another.
type axis struct{ low, high, step float64 }

// newAxis makes an axis that holds all points with room around them.
func newAxis(points []Point, of func(Point) float64) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, of(p)), max(high, of(p))
	}
	if len(points) == 0 {
		low, high = 0, 1
	}
	room := (high - low) * .15
	if room == 0 {
		room = max(math.Abs(high)*.2, 1e-3)
	}
	step := roundStep((high - low + 2*room) / 5)
	return axis{math.Floor((low-room)/step) * step, math.Ceil((high+room)/step) * step, step}
}

// roundStep is the least of 1, 2 and 5 times a power of ten that is not less than x.
func roundStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

func (a axis) ticks() []float64 {
	var all []float64
	for i := range int(math.Round((a.high-a.low)/a.step)) + 1 {
		all = append(all, a.low+float64(i)*a.step)
	}
	return all
}

// place is where a value lies between two pixels.
func (a axis) place(v, from, to float64) float64 {
	return math.Round((from+(to-from)*(v-a.low)/(a.high-a.low))*10) / 10
}

// text writes a value with as many decimals as steps have.
func (a axis) text(v float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(a.step)-1e-9)))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
