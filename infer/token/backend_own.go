//go:build !hftokenizers

package token

// A backend is what Encode uses: this package's own implementation, or
// github.com/daulet/tokenizers with the build tag hftokenizers.
type backend struct{ own *encoder }

func newBackend(_ string, _ []byte, own *encoder) (backend, error) { return backend{own}, nil }

func (b backend) encode(text string, o Options) Encoding { return b.own.encode(text, o) }
