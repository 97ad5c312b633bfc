//go:build js

package sqlitejs

import (
	"errors"
	"fmt"
	"sync"
	"syscall/js"
)

// bindings is JavaScript's side, wasm/src/sqlite.js.
type bindings struct {
	inputBuffer, outputBuffer js.Value // Uint8Array
	inputSize, outputSize     int

	getInput, getOutput, message, size         js.Value
	openDatabase, close, idle                  js.Value
	prepare, finalize, reset, run, query, rows js.Value
}

// bound returns the bindings, once JavaScript has put them where they belong.
var bound = sync.OnceValues(func() (*bindings, error) {
	side := js.Global().Get("tollerSQLite")
	if side.Type() != js.TypeObject {
		return nil, errors.New("sqlitejs: expected SQLite's JavaScript in the global variable tollerSQLite, found nothing")
	}
	b := &bindings{}
	for name, into := range map[string]*js.Value{
		"input": &b.getInput, "output": &b.getOutput, "message": &b.message, "size": &b.size,
		"open": &b.openDatabase, "close": &b.close, "idle": &b.idle,
		"prepare": &b.prepare, "finalize": &b.finalize, "reset": &b.reset, "run": &b.run, "query": &b.query, "rows": &b.rows,
	} {
		if *into = side.Get(name); into.Type() != js.TypeFunction {
			return nil, fmt.Errorf("sqlitejs: tollerSQLite.%s: expected a function, found %s", name, into.Type())
		}
	}
	b.renew()
	return b, nil
})

// input returns JavaScript's buffer for at least n bytes of arguments.
func (b *bindings) input(n int) js.Value {
	if b.inputSize < max(n, 1) {
		b.inputBuffer = b.getInput.Invoke(n)
		b.inputSize = b.inputBuffer.Length()
	}
	return b.inputBuffer
}

func (b *bindings) renew() {
	b.outputBuffer = b.getOutput.Invoke()
	b.outputSize = b.outputBuffer.Length()
}

// read returns n bytes of output.
func (b *bindings) read(n int) []byte {
	if n > b.outputSize {
		b.renew()
	}
	out := make([]byte, n)
	js.CopyBytesToGo(out, b.outputBuffer)
	return out
}

// Error is what SQLite reports.
type Error struct {
	Code    int // extended result code
	Message string
}

func (e *Error) Error() string { return "sqlite: " + e.Message }

// failure is the error that a negative result stands for.
func (b *bindings) failure(result int) error {
	return &Error{Code: -result, Message: b.message.Invoke().String()}
}
