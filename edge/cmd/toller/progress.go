package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// patience is how long work may take before its progress shows.
const patience = time.Second

// progress draws a bar on standard error for work that takes longer than
// patience, if standard error is a terminal and the user has not turned it
// off. It may be used from several goroutines.
type progress struct {
	label   string
	enabled bool
	out     io.Writer

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil until the first update
}

func newProgress(label string, enabled bool) *progress {
	return &progress{
		label:   label,
		enabled: enabled && isTerminal(os.Stderr),
		out:     delayed{os.Stderr, time.Now().Add(patience)},
	}
}

// update tells that done of total are done; a total of -1 is an unknown one. A
// known one may change.
func (p *progress) update(done, total int) {
	if !p.enabled || total == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(p.label),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws on its own
			progressbar.OptionClearOnFinish(),
		)
	}
	if total >= 0 && int64(total) != p.bar.GetMax64() {
		p.bar.ChangeMax(total)
	}
	p.bar.Set(done)
}

// describe changes what is said before the bar.
func (p *progress) describe(label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.label = label
	if p.bar != nil {
		p.bar.Describe(label)
	}
}

// stage is update for work that comes in stages of its own.
func (p *progress) stage(_ string, done, total int) { p.update(done, total) }

// close takes the bar off the terminal.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Exit()
		p.bar.Clear()
		p.bar = nil
	}
}

// delayed drops what is written before its time. Giving the bar a start of its
// own instead would spoil its estimate of the time left.
type delayed struct {
	io.Writer
	from time.Time
}

func (d delayed) Write(p []byte) (int, error) {
	if time.Now().Before(d.from) {
		return len(p), nil
	}
	return d.Writer.Write(p)
}
