package edge

// CountTokens returns how many tokens a document's text has, without those that
// the model puts around it; see [Model.Overhead]. It stops counting at limit; 0
// and below is no limit. Whoever cuts texts into passages of their own needs it.
//
// It can't be interrupted; for a text that is long beyond what any model reads,
// set a limit.
func (m *Model) CountTokens(text string, limit int) int {
	return m.documents.count(text, limit)
}

// Overhead returns how many tokens the model puts around every document:
// markers and prompt. They count in [WithDocumentLength] and [MaxTokens].
func (m *Model) Overhead() int {
	d := m.documents
	return len(d.head) + len(d.tail) + d.count(d.prompt, 0)
}

func (p *preparer) count(text string, limit int) int {
	return len(p.encode(text, limit).IDs)
}
