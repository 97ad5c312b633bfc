package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	// maxMemory is what PDFium may have for one file, which itself stays outside. The
	// process takes about twice as much where that is reached: memory grows by copying.
	maxMemory = 128 << 20
	wasmPage  = 64 << 10
	// maxInstances is how many files are read at once at most; more wait.
	maxInstances = 2
)

// engine is PDFium, compiled when it is needed first.
type engine struct {
	cache string // a folder for compiled code; empty: none

	once  sync.Once
	ready chan struct{} // closed when pool or err is there
	pool  pdfium.Pool
	err   error
}

// start waits until PDFium is there. The compilation goes on where ctx ends before:
// somebody will want it.
func (e *engine) start(ctx context.Context) error {
	e.once.Do(func() {
		go func() {
			defer close(e.ready)
			e.pool, e.err = e.compile()
		}()
	})
	select {
	case <-e.ready:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *engine) compile() (pdfium.Pool, error) {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(maxMemory / wasmPage).
		WithCloseOnContextDone(true) // a file that takes too long is stopped by this
	if e.cache != "" {
		if cache, err := wazero.NewCompilationCacheWithDir(e.cache); err == nil {
			config = config.WithCompilationCache(cache)
		} // a folder that can't be written costs time, nothing else
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context:       context.Background(),
		MaxTotal:      min(maxInstances, runtime.GOMAXPROCS(0)),
		RuntimeConfig: config,
		FSConfig:      wazero.NewFSConfig(), // no files
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("starting PDFium: %w", err)
	}
	return pool, nil
}

// cacheFolder is where compiled code is kept; empty where the user has no such place.
func cacheFolder() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "toller", "pdfium")
}

var errDamaged = errors.New("is damaged, cut off, or no PDF")
