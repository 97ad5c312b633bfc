package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/toller-search/toller/edge/files/extract"
)

const (
	maxDepth = 20   // of parts in each other
	maxParts = 1000 // of a message
	maxNames = 50   // of senders or receivers that are kept
)

// reading is a message that is read.
type reading struct {
	ctx     context.Context
	in      *extract.Input
	text    strings.Builder
	missing []string
	parts   int
	cutOff  bool
	words   mime.WordDecoder
}

func readMessage(ctx context.Context, in *extract.Input, from io.Reader) (extract.Document, error) {
	entity, err := message.Read(from)
	if unknown(err) {
		err = nil
	}
	if err != nil {
		return extract.Document{}, fmt.Errorf("is no message: %w", err)
	}
	r := reading{ctx: ctx, in: in}
	r.words.CharsetReader = r.charset
	d := extract.Document{Title: r.header(entity, "Subject"), Metadata: map[string]any{}}
	if entity.Header.Len() == 0 {
		return d, errors.New("is no message: it has no header")
	}
	for _, key := range []string{"From", "To", "Cc"} {
		if names := r.addresses(entity, key); len(names) > 0 {
			d.Metadata[strings.ToLower(key)] = names
		}
	}
	h := mail.Header{Header: entity.Header}
	if at, err := h.Date(); err == nil && !at.IsZero() {
		d.Metadata["date"] = at.Format(time.RFC3339)
	}
	if err := r.part(entity, 0); err != nil {
		return d, err
	}
	d.Text, d.Missing = strings.TrimSpace(r.text.String()), r.missing
	if d.Text == "" { // the subject may say it all
		d.Text = d.Title
	}
	return d, nil
}

// unknown reports that the library doesn't know an encoding; the bytes are there.
func unknown(err error) bool { return message.IsUnknownCharset(err) || message.IsUnknownEncoding(err) }

// charset decodes words of headers in other encodings than UTF-8.
func (r *reading) charset(name string, in io.Reader) (io.Reader, error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	text, _, err := extract.Decode(string(raw), name)
	return strings.NewReader(text), err
}

// header returns a field, decoded.
func (r *reading) header(e *message.Entity, key string) string {
	raw := e.Header.Get(key)
	if text, err := r.words.DecodeHeader(raw); err == nil {
		raw = text
	}
	if text, _, err := extract.Decode(raw, ""); err == nil {
		raw = text
	}
	return strings.Join(strings.Fields(raw), " ")
}

// addresses returns the names and addresses of a field.
func (r *reading) addresses(e *message.Entity, key string) []any {
	text := r.header(e, key)
	if text == "" {
		return nil
	}
	h := mail.Header{Header: e.Header}
	list, err := h.AddressList(key)
	if err != nil || len(list) == 0 {
		return []any{text}
	}
	var names []any
	for _, a := range list[:min(len(list), maxNames)] {
		name := a.Name
		if decoded, err := r.words.DecodeHeader(name); err == nil {
			name = decoded
		}
		names = append(names, strings.TrimSpace(name+" <"+a.Address+">"))
	}
	return names
}

// part reads a part with all that is in it.
func (r *reading) part(e *message.Entity, depth int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.parts++; r.parts > maxParts || depth > maxDepth {
		return fmt.Errorf("has more than %d parts, or parts nested more than %d deep", maxParts, maxDepth)
	}
	kind, parameters, err := e.Header.ContentType()
	if err != nil || kind == "" {
		kind = "text/plain"
	}
	switch {
	case kind == "multipart/encrypted":
		r.missing = append(r.missing, "the message: is encrypted")
		return nil
	case kind == "multipart/alternative":
		return r.alternative(e, depth)
	case strings.HasPrefix(kind, "multipart/"):
		return r.each(e, func(e *message.Entity) error { return r.part(e, depth+1) })
	}
	return r.leaf(e, kind, parameters)
}

// each gives the parts of a part to f. What follows a damaged one is lost, and said.
func (r *reading) each(e *message.Entity, f func(*message.Entity) error) error {
	parts := e.MultipartReader()
	if parts == nil {
		return nil
	}
	for {
		part, err := parts.NextPart()
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !unknown(err):
			if !r.cutOff {
				r.missing = append(r.missing, "the end: the message is cut off")
			}
			r.cutOff = true
			return nil
		}
		if err := f(part); err != nil {
			return err
		}
	}
}

// alternative reads the first of several forms of a text that has any.
func (r *reading) alternative(e *message.Entity, depth int) error {
	found := false
	return r.each(e, func(e *message.Entity) error {
		if found {
			return nil
		}
		before := r.text.Len()
		if err := r.part(e, depth+1); err != nil {
			return err
		}
		found = r.text.Len() > before
		return nil
	})
}

// leaf reads a part that is no container.
func (r *reading) leaf(e *message.Entity, kind string, parameters map[string]string) error {
	name := r.fileName(e, parameters)
	attached := name != ""
	if name == "" {
		name = kind
	}
	limit := r.in.Options().MaxFile
	data, err := io.ReadAll(io.LimitReader(e.Body, limit+1))
	if err != nil {
		r.missing = append(r.missing, fmt.Sprintf("%s: its end: %v", name, err))
	}
	if int64(len(data)) > limit {
		r.missing = append(r.missing, fmt.Sprintf("%s: has more than %d bytes", name, limit))
		return nil
	}
	if strings.HasPrefix(kind, "text/") {
		text, note, err := extract.Decode(string(data), parameters["charset"])
		if err != nil {
			return err
		}
		if note != "" {
			r.missing = append(r.missing, name+": "+note)
		}
		if kind == "text/plain" && !attached {
			return r.write(text)
		}
		data = []byte(text)
	}
	file := name
	switch {
	case kind == "message/rfc822":
		file = "message.eml"
	case kind == "text/html" && !attached:
		file = "page.html"
	case !attached:
		file = "part"
	case path.Ext(name) == "" && kind == "text/html":
		file = name + ".html"
	}
	if attached {
		if err := r.write("[" + name + "]"); err != nil {
			return err
		}
	}
	found := false
	for d, err := range r.in.Inner(file, data) {
		found = true
		if err != nil {
			if r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			if inner := errors.Unwrap(err); inner != nil {
				err = inner // without the name
			}
			r.missing = append(r.missing, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		for _, part := range d.Missing {
			r.missing = append(r.missing, name+": "+part)
		}
		text := d.Text
		if d.Title != "" && !strings.HasPrefix(strings.TrimLeft(text, "# "), d.Title) && attached {
			text = d.Title + "\n" + text
		}
		if err := r.write(text); err != nil {
			return err
		}
	}
	if !found && attached {
		r.missing = append(r.missing, name+": has no text")
	}
	return nil
}

// write adds a paragraph to the text.
func (r *reading) write(s string) error {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if s == "" {
		return nil
	}
	if limit := r.in.Options().MaxText; int64(r.text.Len()+len(s)) > limit {
		return extract.Refuse(extract.ErrTooLarge, "has more text than the limit of %d bytes", limit)
	}
	if r.text.Len() > 0 {
		r.text.WriteString("\n\n")
	}
	r.text.WriteString(s)
	return nil
}

// fileName returns the name of an attached file, empty if there is none.
func (r *reading) fileName(e *message.Entity, parameters map[string]string) string {
	name := parameters["name"]
	if _, p, err := e.Header.ContentDisposition(); err == nil && p["filename"] != "" {
		name = p["filename"]
	}
	if decoded, err := r.words.DecodeHeader(name); err == nil {
		name = decoded
	}
	if name == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "\\", "/"))
}
