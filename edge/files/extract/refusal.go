package extract

import (
	"errors"
	"fmt"
)

// Classes of reasons why a file or a record has no text, or not all of it. Many reasons,
// damage for one, belong to none.
var (
	// ErrUnsupported is for pictures, programs, archives and other binary files.
	ErrUnsupported = errors.New("no text can be made of this kind of file")
	// ErrEmpty is for a record without any text.
	ErrEmpty = errors.New("has no text")
	// ErrEncrypted is for what only opens with a password or a licence.
	ErrEncrypted = errors.New("is encrypted")
	// ErrTooLarge is for what exceeds one of Options' bounds of size.
	ErrTooLarge = errors.New("is too large")
	// ErrScanned is for pages that are pictures of text.
	ErrScanned = errors.New("is scanned")
	// ErrGenerated is for code that a program wrote for another.
	ErrGenerated = errors.New("is generated")
)

// refusal is an error of one of the classes above that says more than their names.
type refusal struct {
	error
	class error
}

func (r refusal) Is(target error) bool { return target == r.class }

func (r refusal) Unwrap() error { return errors.Unwrap(r.error) }

// Refuse returns an error of a class, [ErrEncrypted] for one, with words of its own.
func Refuse(class error, format string, values ...any) error {
	return refusal{fmt.Errorf(format, values...), class}
}
