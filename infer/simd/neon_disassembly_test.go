package simd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// disassemblers are the programs that can read arm64 code on any machine.
var disassemblers = []string{"aarch64-linux-gnu-objdump", "llvm-objdump"}

// TestDisassembly holds the instructions that NEON's assembly writes as numbers
// against their names: every macro, with every register and lane in every one
// of its arguments. Any machine can run it, arm64 or not.
func TestDisassembly(t *testing.T) {
	files, err := filepath.Glob("*_arm64.s")
	if err != nil {
		t.Fatal(err)
	}
	var words []uint32
	var want []string
	for _, file := range files {
		w, names := encodeMacros(t, file)
		words, want = append(words, w...), append(want, names...)
	}
	if len(words) == 0 {
		t.Fatalf("found no macros in %v", files)
	}
	object := filepath.Join(t.TempDir(), "words.o")
	if err := os.WriteFile(object, arm64Object(t, words), 0o644); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range disassemblers {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found = true
		t.Run(name, func(t *testing.T) {
			got := disassemble(t, program, object)
			if len(got) != len(want) {
				t.Fatalf("expected %d instructions, found %d", len(want), len(got))
			}
			for i, g := range got {
				if g != want[i] {
					t.Errorf("%#08x: expected %q, found %q", words[i], want[i], g)
				}
			}
		})
	}
	if !found {
		t.Skipf("needs one of %s on the path", strings.Join(disassemblers, ", "))
	}
}

// wordMacro is the one form in which a WORD may stand in the source.
var wordMacro = regexp.MustCompile(`^#define \w+\(([a-z, ]+)\)\s+WORD \$(\(.*\)) // (.*)$`)

// encodeMacros evaluates the macros of a source file that stand for one
// instruction, and returns the instructions and what a disassembler should
// call them.
func encodeMacros(t *testing.T, file string) (words []uint32, want []string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		if !strings.Contains(line, "WORD") {
			continue
		}
		m := wordMacro.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("%s:%d: expected #define NAME(arguments) WORD $(…) // instruction, found %q", file, i+1, line)
		}
		names := strings.Split(m[1], ", ")
		for _, values := range arguments(names) {
			// Go's assembler and Go agree on constant expressions.
			v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, substitute(m[2], `\b%s\b`, "%d", names, values))
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			word, exact := constant.Uint64Val(v.Value)
			if !exact || word>>32 != 0 {
				t.Fatalf("%s:%d: expected 32 bits, found %v", file, i+1, v.Value)
			}
			name := substitute(m[3], `\[%s\]`, "[%d]", names, values)
			name = substitute(name, `\b([VSD])%s\b`, "${1}%d", names, values)
			words, want = append(words, uint32(word)), append(want, strings.ToLower(name))
		}
	}
	return words, want
}

// arguments runs each argument of a macro through its range, while the others
// stay at numbers that tell them apart.
func arguments(names []string) (all [][]int) {
	for a, name := range names {
		count := 32 // registers
		if name == "i" {
			count = 4 // lanes
		}
		for v := range count {
			values := []int{3, 1, 21, 30}[:len(names)]
			values[a] = v
			all = append(all, values)
		}
	}
	return all
}

// substitute puts values in the place of names, where each stands in the
// given form.
func substitute(s, pattern, replacement string, names []string, values []int) string {
	for i, name := range names {
		s = regexp.MustCompile(fmt.Sprintf(pattern, name)).ReplaceAllString(s, fmt.Sprintf(replacement, values[i]))
	}
	return s
}

// arm64Object is the smallest ELF file that holds the words as code.
func arm64Object(t *testing.T, words []uint32) []byte {
	t.Helper()
	const names = "\x00.text\x00.shstrtab\x00"
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(elf.EM_AARCH64), Version: uint32(elf.EV_CURRENT),
		Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2,
	}
	code := uint64(header.Ehsize)
	size := uint64(4 * len(words))
	header.Shoff = code + size
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Off: code, Size: size, Addralign: 4},
		{Name: 7, Type: uint32(elf.SHT_STRTAB), Off: header.Shoff + 3*64, Size: uint64(len(names)), Addralign: 1},
	}
	var out bytes.Buffer
	for _, part := range []any{header, words, sections, []byte(names)} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// instruction is a line of the disassembly: offset, name and operands.
var instruction = regexp.MustCompile(`(?m)^\s*[0-9a-f]+:\s+(.*)$`)

// disassemble returns the instructions of an object, with single spaces.
func disassemble(t *testing.T, program, object string) (found []string) {
	t.Helper()
	out, err := exec.Command(program, "-d", "--no-show-raw-insn", object).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	for _, m := range instruction.FindAllStringSubmatch(string(out), -1) {
		found = append(found, strings.Join(strings.Fields(m[1]), " "))
	}
	return found
}
