package files

import "testing"

// Errors of the file system beyond opening a file.
func TestReadErrors(t *testing.T) {
	withStdin(t, "red")
	// The first page of a process's own memory is never mapped.
	c := read(t, Options{}, "/proc/self/mem", Stdin, "/proc/version", "/dev/zero")
	// Files of /proc claim to be empty and are not; a device may have no end.
	if len(c.Documents) != 2 || c.Documents[0].Text != "red" || c.Documents[1].Path != "/proc/version" {
		t.Errorf("found %+v", c.Documents)
	}
	if c.Inputs != 4 || c.BadInputs != 2 {
		t.Errorf("%d of %d inputs", c.BadInputs, c.Inputs)
	}
	c.says(t, "/proc/self/mem: input/output error")
	c.says(t, "/dev/zero: is a binary file")
}
