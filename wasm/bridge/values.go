//go:build js

package bridge

import (
	"encoding/binary"
	"encoding/json"
	"syscall/js"
)

// bytesToJS copies bytes into a new Uint8Array.
func bytesToJS(b []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}

// floatsToJS copies numbers into a new Float32Array.
func floatsToJS(x []float32) js.Value {
	// The machine is little-endian, as all that run WebAssembly.
	b, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		panic(err) // a slice of float32 always can be written
	}
	return js.Global().Get("Float32Array").New(bytesToJS(b).Get("buffer"))
}

// jsonToJS writes a value as JSON, in a string.
func jsonToJS(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// stringsOf returns the elements of an array of strings.
func stringsOf(array js.Value) []string {
	list := make([]string, array.Length())
	for i := range list {
		list[i] = array.Index(i).String()
	}
	return list
}

// integer returns a number that the page's side may leave out.
func integer(a js.Value, name string) int {
	if v := a.Get(name); v.Type() == js.TypeNumber {
		return v.Int()
	}
	return 0
}
