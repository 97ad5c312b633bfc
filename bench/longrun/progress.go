// Package longrun is what the long runs of bench's commands have in common: showing how
// far they are, and using all threads.
package longrun

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is the time between two lines of progress where there is no
// terminal to draw a bar on.
const lineEvery = 10 * time.Second

// Progress shows how much of a piece of work is done: as a bar on a terminal, else
// as a line now and then.
type Progress struct {
	out           io.Writer
	program, what string
	total         int
	last          time.Time                // of the last line
	bar           *progressbar.ProgressBar // nil without a terminal
}

// NewProgress starts with nothing done of total. program is what lines begin with.
func NewProgress(out io.Writer, program, what string, total int) *Progress {
	p := &Progress{out: out, program: program, what: what, total: total, last: time.Now()}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// Set must not be called by two goroutines at once.
func (p *Progress) Set(done int) {
	if p.bar != nil {
		p.bar.Set(done)
		return
	}
	if now := time.Now(); now.Sub(p.last) >= lineEvery {
		p.last = now
		fmt.Fprintf(p.out, "%s: %s: %d of %d\n", p.program, p.what, done, p.total)
	}
}

// Close takes the bar off the terminal.
func (p *Progress) Close() {
	if p.bar != nil {
		p.bar.Exit()
		p.bar.Clear()
	}
}
