package terminal

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Patience is how long work may take before its progress shows.
const Patience = time.Second

// Progress draws a bar on standard error for work that takes longer than
// Patience, if standard error is a terminal and the user has not turned it
// off. It may be used from several goroutines.
type Progress struct {
	label   string
	enabled bool
	bytes   bool // are what is counted
	out     io.Writer

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil until the first update
}

// NewProgress begins to draw work called so.
func NewProgress(label string, enabled bool) *Progress {
	return &Progress{
		label:   label,
		enabled: enabled && IsTerminal(os.Stderr),
		out:     delayed{os.Stderr, time.Now().Add(Patience)},
	}
}

// NewByteProgress begins to draw work that is counted in bytes.
func NewByteProgress(label string, enabled bool) *Progress {
	p := NewProgress(label, enabled)
	p.bytes = true
	return p
}

// Update tells that done of total are done; a total of -1 is an unknown one. A
// known one may change.
func (p *Progress) Update(done, total int) { p.UpdateBytes(int64(done), int64(total)) }

// UpdateBytes is Update for numbers that may not fit an int.
func (p *Progress) UpdateBytes(done, total int64) {
	if !p.enabled || total == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(p.label),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(p.bytes),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws on its own
			progressbar.OptionClearOnFinish(),
		)
	}
	if total >= 0 && total != p.bar.GetMax64() {
		p.bar.ChangeMax64(total)
	}
	p.bar.Set64(done)
}

// Describe changes what is said before the bar.
func (p *Progress) Describe(label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.label = label
	if p.bar != nil {
		p.bar.Describe(label)
	}
}

// Stage is Update for work that comes in stages of its own.
func (p *Progress) Stage(_ string, done, total int) { p.Update(done, total) }

// Close takes the bar off the terminal.
func (p *Progress) Close() {
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
