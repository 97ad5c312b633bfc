package weights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

func TestParseFile(t *testing.T) {
	data := []byte{0, 1, 2, 3, 4, 5, 6, 7}
	tests := []struct {
		name   string
		header string
		data   []byte
		want   []Tensor
	}{
		{"no tensors", `{}`, nil, []Tensor{}},
		{"padded", `{}   `, nil, []Tensor{}},
		{"scalar", `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, data[:4],
			[]Tensor{{Name: "a", DType: simd.F32, Shape: []int{}, Data: data[:4]}}},
		{"any order of fields, any space", "{ \"a\"\t:\r\n{\"data_offsets\" : [ 0 , 4 ],\"shape\":[ 1,2 ],\"dtype\":\"BF16\"} } ", data[:4],
			[]Tensor{{Name: "a", DType: simd.BF16, Shape: []int{1, 2}, Data: data[:4]}}},
		{"header in another order than the data", `{"a":{"dtype":"F16","shape":[3],"data_offsets":[2,8]},"b":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, data,
			[]Tensor{{Name: "b", DType: simd.F16, Shape: []int{1}, Data: data[:2]}, {Name: "a", DType: simd.F16, Shape: []int{3}, Data: data[2:]}}},
		{"empty tensors between others", `{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]},"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}`, data,
			[]Tensor{{Name: "a", DType: simd.F16, Shape: []int{2}, Data: data[:4]}, {Name: "e", DType: simd.F32, Shape: []int{0, 3}, Data: data[4:4]}, {Name: "b", DType: simd.F16, Shape: []int{2}, Data: data[4:]}}},
		{"escapes in a name", `{"\u00e9\n\"\ud83d\ude00\/":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, data[:4],
			[]Tensor{{Name: "é\n\"😀/", DType: simd.F32, Shape: []int{}, Data: data[:4]}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := parseFile(safetensors(test.header, test.data))
			if err != nil {
				t.Fatal(err)
			}
			equal := slices.EqualFunc(f.tensors, test.want, func(a, b Tensor) bool {
				return a.Name == b.Name && a.DType == b.DType && slices.Equal(a.Shape, b.Shape) && bytes.Equal(a.Data, b.Data)
			})
			if !equal {
				t.Errorf("got %v, expected %v", f.tensors, test.want)
			}
		})
	}
}

func TestParseFileRefuses(t *testing.T) {
	// one returns a header with one tensor of these fields.
	one := func(fields string) string { return `{"a":{` + fields + `}}` }
	const good = `"dtype":"F16","shape":[2],"data_offsets":[0,4]`
	tests := []struct {
		name   string
		header string
		data   int // bytes
		want   string
	}{
		{"no object", `[]`, 0, "does not start with '{'"},
		{"space first", ` {}`, 0, "does not start with '{'"},
		{"empty header", ``, 0, "does not start with '{'"},
		{"unclosed", `{`, 0, "header byte 1: unexpected EOF"},
		{"unclosed after a member", one(good)[:len(one(good))-1], 4, "header byte 53: unexpected EOF"},
		{"trailing comma", `{"a":{` + good + `},}`, 4, "header byte 53: invalid character ','"},
		{"second value", `{} {}`, 0, "header byte 3: expected nothing but space after the closing '}', found '{'"},
		{"nul padding", "{}\x00", 0, `found '\x00'`},
		{"no colon", `{"a" {` + good + `}}`, 4, `tensor "a": header byte 5: invalid character '{' after object name (expecting ':')`},
		{"tensor is no object", `{"a":[]}`, 0, `tensor "a": header byte 5: expected '{', found '['`},
		{"tensor is null", `{"a":null}`, 0, "expected '{', found 'n'"},
		{"invalid UTF-8", "{\"\xff\":{" + good + "}}", 4, "not valid UTF-8"},
		{"control character", "{\"a\nb\":{" + good + "}}", 4, `header byte 3: invalid character '\n' in string`},
		{"unknown escape", `{"\x":{` + good + `}}`, 4, "invalid escape"},
		{"short escape", `{"\u12`, 0, "header byte 2: unexpected EOF"},
		{"hex with sign", `{"\u+123":{` + good + `}}`, 4, "invalid escape"},
		{"half a surrogate pair", `{"\ud83d":{` + good + `}}`, 4, "header byte 2: invalid surrogate pair"},
		{"surrogates in the wrong order", `{"\ude00\ud83d":{` + good + `}}`, 4, "header byte 2: invalid surrogate pair"},
		{"unclosed string", `{"abc`, 0, "header byte 5: unexpected EOF"},
		{"long name", `{"` + strings.Repeat("x", maxName+1) + `":{}}`, 0, "a name of 1025 bytes"},

		{"tensor twice", `{"a":{` + good + `},"\u0061":{` + good + `}}`, 4, `second entry for "a"`},
		{"metadata twice", `{"__metadata__":{},"__metadata__":{}}`, 0, `second entry for "__metadata__"`},
		{"metadata value twice", `{"__metadata__":{"k":"","k":""}}`, 0, `second value for "k"`},
		{"metadata value no string", `{"__metadata__":{"k":1}}`, 0, `__metadata__: "k": header byte 21: expected a string, found '1'`},
		{"metadata no object", `{"__metadata__":"x"}`, 0, `expected '{', found '"'`},

		{"field twice", one(good + `,"dtype":"F16"`), 4, `tensor "a": header byte 61: unknown or repeated field "dtype"`},
		{"unknown field", one(good + `,"stride":[1]`), 4, `unknown or repeated field "stride"`},
		{"no dtype", one(`"shape":[2],"data_offsets":[0,4]`), 4, `tensor "a": expected dtype, shape and two data_offsets, found dtype "", shape [2], data_offsets [0 4]`},
		{"no shape", one(`"dtype":"F16","data_offsets":[0,4]`), 4, `tensor "a": expected dtype, shape and two data_offsets`},
		{"one offset", one(`"dtype":"F16","shape":[2],"data_offsets":[4]`), 4, `data_offsets [4]`},
		{"three offsets", one(`"dtype":"F16","shape":[2],"data_offsets":[0,4,8]`), 4, `tensor "a": data_offsets: header byte 52: more than 2 integers`},
		{"other dtype", one(`"dtype":"F64","shape":[2],"data_offsets":[0,16]`), 16, `tensor "a": dtype "F64" is not supported, only F32, F16, BF16 and I8 are`},
		{"dtype no string", one(`"dtype":32,"shape":[2],"data_offsets":[0,4]`), 4, "dtype: header byte 14: expected a string, found '3'"},

		{"negative size", one(`"dtype":"F16","shape":[-2],"data_offsets":[0,4]`), 4, "shape: header byte 29: expected a non-negative integer, found '-'"},
		{"fractional size", one(`"dtype":"F16","shape":[2.0],"data_offsets":[0,4]`), 4, "shape: header byte 29: expected a non-negative integer, found 2.0"},
		{"exponent", one(`"dtype":"F16","shape":[2e0],"data_offsets":[0,4]`), 4, "shape: header byte 29: expected a non-negative integer, found 2e0"},
		{"leading zero", one(`"dtype":"F16","shape":[02],"data_offsets":[0,4]`), 4, "shape: header byte 30: invalid character '2' after array element"},
		{"size beyond int64", one(`"dtype":"F16","shape":[9223372036854775808],"data_offsets":[0,4]`), 4, "integer 9223372036854775808 is too large"},
		{"endless digits", one(`"dtype":"F16","shape":[` + strings.Repeat("1", 999) + `],"data_offsets":[0,4]`), 4, "an integer of 999 digits is too large"},
		{"product overflows to 0", one(`"dtype":"F16","shape":[65536,65536,65536,65536],"data_offsets":[0,0]`), 0, `tensor "a": the size of shape [65536 65536 65536 65536] overflows`},
		{"product overflows, then times 0", one(`"dtype":"F16","shape":[65536,65536,65536,65536,0],"data_offsets":[0,0]`), 0, "overflows"},
		{"bytes overflow", one(`"dtype":"F32","shape":[65536,65536,65536,32768],"data_offsets":[0,0]`), 0, "overflows"},
		{"rank 9", one(`"dtype":"F16","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,4]`), 4, "shape: header byte 45: more than 8 integers"},

		{"offsets in the wrong order", one(`"dtype":"F16","shape":[2],"data_offsets":[4,0]`), 4, "data_offsets [4 0] are in the wrong order"},
		{"truncated data", one(good), 3, `tensor "a": data_offsets [0 4] exceed the 3 bytes of data: truncated?`},
		{"data after the last tensor", one(good), 6, "2 of the 6 bytes of data belong to no tensor"},
		{"data without tensors", `{}`, 6, "6 of the 6 bytes of data belong to no tensor"},
		{"too small for its shape", one(`"dtype":"F32","shape":[2],"data_offsets":[0,4]`), 4, `tensor "a": shape [2] of F32 takes 8 bytes, data_offsets [0 4] give it 4`},
		{"gap at the start", one(`"dtype":"F16","shape":[2],"data_offsets":[2,6]`), 6, "data_offsets [2 6] leave a gap after byte 0"},
		{"gap", `{"a":{` + good + `},"b":{"dtype":"F16","shape":[2],"data_offsets":[6,10]}}`, 10, `tensor "b": data_offsets [6 10] leave a gap after byte 4`},
		{"overlap", `{"a":{` + good + `},"b":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}}`, 6, `tensor "b": data_offsets [2 6] overlap "a", which ends at 4`},
		{"same place", `{"a":{` + good + `},"b":{` + good + `}}`, 4, `overlap`},
		{"empty tensor inside another", `{"a":{` + good + `},"b":{"dtype":"F16","shape":[0],"data_offsets":[2,2]}}`, 4, `tensor "b": data_offsets [2 2] overlap "a"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseFile(safetensors(test.header, make([]byte, test.data)))
			wantError(t, err, test.want)
		})
	}
}

func TestParseFileRefusesPrefix(t *testing.T) {
	tests := []struct {
		name    string
		content string
		want    string
	}{
		{"empty", "", "0 bytes are too few"},
		{"seven bytes", "\x02\x00\x00\x00\x00\x00\x00", "7 bytes are too few"},
		{"length one too large", "\x03\x00\x00\x00\x00\x00\x00\x00{}", "header length 3 exceeds the 2 bytes after it"},
		{"length absurd", "\xff\xff\xff\xff\xff\xff\xff\xff{}", "header length 18446744073709551615 exceeds the 2 bytes"},
		{"length negative as int64", "\x00\x00\x00\x00\x00\x00\x00\x80{}", "header length 9223372036854775808 exceeds"},
		{"length zero", "\x00\x00\x00\x00\x00\x00\x00\x00{}", "does not start with '{'"},
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 33907200\n", "Git LFS pointer"},
		{"zip", "PK\x03\x04\x00\x00\x08\x08 and so on", "not a safetensors file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseFile([]byte(test.content))
			wantError(t, err, test.want)
		})
	}
}

// allocated returns the bytes that f allocates on the heap, freed or not, to
// within the few hundred KB that the allocator has not accounted for yet.
func allocated(f func()) int {
	// Unlike runtime.ReadMemStats this doesn't stop the world, which would take
	// longer than opening a small checkpoint.
	total := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(total)
	before := total[0].Value.Uint64()
	f()
	metrics.Read(total)
	return int(total[0].Value.Uint64() - before)
}

// A header can be made to say much in few bytes. Whatever it says, parsing
// allocates little beside the file that is there anyway.
func TestHostileHeaderMemory(t *testing.T) {
	const limit = 4 << 20
	// repeated is n members, numbered, between braces.
	repeated := func(member string, n int) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, member, i)
		}
		b.WriteString("}")
		return b.String()
	}
	const entry = `"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`
	tests := []struct {
		name   string
		header string
		want   string // "" means accepted
	}{
		{"as many tensors as allowed", repeated(entry, maxTensors), ""},
		{"as many tensors as allowed, all rank 8", repeated(`"%d":{"dtype":"F32","shape":[0,0,0,0,0,0,0,0],"data_offsets":[0,0]}`, maxTensors), ""},
		{"one tensor more", repeated(entry, maxTensors+1), "more than 4096 tensors"},
		{"very many tensors", repeated(entry, 200_000), "more than 4096 tensors"},
		{"very many metadata", `{"__metadata__":` + repeated(`"%d":""`, 200_000) + `}`, "more than 1024 strings"},
		{"8 MB of metadata in one string", `{"__metadata__":{"a":"` + strings.Repeat(`\n`, 4<<20) + `"}}`, ""},
		{"8 MB name", `{"` + strings.Repeat("x", 8<<20) + `":{}}`, "a name of 8388608 bytes"},
		{"8 MB dtype", `{"a":{"dtype":"` + strings.Repeat("x", 8<<20) + `"}}`, "a name of 8388608 bytes"},
		{"8 MB of digits", `{"a":{"shape":[` + strings.Repeat("1", 8<<20) + `]}}`, "an integer of 8388608 digits"},
		{"very many sizes", `{"a":{"shape":[` + strings.Repeat("1,", 2_000_000) + `1]}}`, "more than 8 integers"},
		{"very many empty fields", `{"a":{` + strings.Repeat(`"":1,`, 2_000_000) + `"":1}}`, "unknown or repeated field"},
		{"deep objects", strings.Repeat(`{"a":`, 1_000_000), "unknown or repeated field"},
		{"deep arrays", `{"a":{"shape":` + strings.Repeat("[", 8<<20), "expected a non-negative integer, found '['"},
		{"8 MB of space", `{` + strings.Repeat(" ", 8<<20) + `}`, ""},
		{"over 100 MB", `{` + strings.Repeat(" ", maxHeader) + `}`, "header length 100000002 exceeds the 100000000 bytes allowed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			content := safetensors(test.header, nil)
			var err error
			n := allocated(func() { _, err = parseFile(content) })
			if n > limit {
				t.Errorf("%d bytes allocated for a file of %d, expected at most %d", n, len(content), limit)
			}
			t.Logf("%d bytes of file, %d bytes allocated", len(content), n)
			if test.want != "" {
				wantError(t, err, test.want)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// checkTiling fails unless the tensors have the sizes of their shapes and lie
// in content's data one after the other, up to its end.
func checkTiling(tb testing.TB, tensors []Tensor, content []byte) {
	tb.Helper()
	total := 0
	names := map[string]bool{}
	for _, t := range tensors {
		size := t.DType.Size()
		for _, n := range t.Shape {
			if n < 0 {
				tb.Fatalf("tensor %q has shape %d", t.Name, t.Shape)
			}
			size *= n
		}
		if size != len(t.Data) || cap(t.Data) != len(t.Data) {
			tb.Fatalf("tensor %q of shape %d has %d bytes, capacity %d", t.Name, t.Shape, len(t.Data), cap(t.Data))
		}
		if names[t.Name] {
			tb.Fatalf("two tensors %q", t.Name)
		}
		names[t.Name] = true
		total += size
	}
	position := len(content) - total
	for _, t := range tensors {
		if len(t.Data) > 0 && &t.Data[0] != &content[position] {
			tb.Fatalf("tensor %q does not follow its predecessor", t.Name)
		}
		position += len(t.Data)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(smallPacked(f))
	f.Add(build(f, nil, smallTensors()["1_Dense"]...))
	f.Add(safetensors(`{"\ud83d\ude00":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, make([]byte, 4)))
	f.Add(safetensors(`{}`, nil))
	f.Add([]byte(lfsPointer))
	f.Fuzz(func(t *testing.T, content []byte) {
		var parsed *file
		var err error
		n := allocated(func() { parsed, err = parseFile(content) })
		if n > len(content)+4<<20 {
			t.Errorf("%d bytes allocated for a file of %d", n, len(content))
		}
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		checkTiling(t, parsed.tensors, content)
		// encoding/json agrees on what the header says.
		length := int(content[0]) | int(content[1])<<8 | int(content[2])<<16 | int(content[3])<<24
		var members map[string]json.RawMessage
		if err := json.Unmarshal(content[8:8+length], &members); err != nil {
			t.Fatalf("accepted a header that is no JSON: %v", err)
		}
		for _, tensor := range parsed.tensors {
			var want struct {
				DType string
				Shape []int
			}
			if err := json.Unmarshal(members[tensor.Name], &want); err != nil {
				t.Fatal(err)
			}
			if tensor.DType.String() != want.DType || !slices.Equal(tensor.Shape, want.Shape) {
				t.Errorf("tensor %v, encoding/json has %v", tensor, want)
			}
		}
		var metadata map[string]string
		if text := members[metadataKey]; text != nil {
			if err := json.Unmarshal(text, &metadata); err != nil {
				t.Fatal(err)
			}
		}
		if len(metadata) != len(parsed.metadata) {
			t.Errorf("%d metadata, encoding/json has %d", len(parsed.metadata), len(metadata))
		}
		for key, raw := range parsed.metadata {
			if got := string(unquote(raw)); got != metadata[key] {
				t.Errorf("metadata %q is %q, encoding/json has %q", key, got, metadata[key])
			}
		}
	})
}
