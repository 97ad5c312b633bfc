package files

import (
	"errors"
	"io/fs"
)

// Unreadable says why a path, a file, or a record of one is not among the
// documents.
type Unreadable struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// NewUnreadable returns what to say of an error that has to do with name. The
// path isn't said twice, and the system call is of no interest.
func NewUnreadable(name string, err error) Unreadable {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return Unreadable{name, err.Error()}
}
