package edge

// An Option changes how [Open] and [OpenBytes] set a model up. Every setting
// that a checkpoint carries has one; without it the checkpoint's own value
// holds, and where that is absent the default of the [Reference].
type Option func(*overrides)

// overrides holds the settings given by options; nil means the checkpoint's own.
type overrides struct {
	name                        string
	threads                     int
	numerics                    Numerics
	queryLength, documentLength *int
	expansion, attend           *bool
	expansionToken              *string
	lower, normalize            *bool
	reference                   Reference
	skiplist                    *[]string
	queryPrompt, documentPrompt *string
	queryPrefix, documentPrefix *string
}

// WithName sets the name of the model in messages and [Info], which an index keeps:
// a checkpoint's id on the hub, where the last part of its path says less.
func WithName(name string) Option { return func(o *overrides) { o.name = name } }

// WithThreads sets how many goroutines run the model at the same time, those of
// all calls together. The default, and the meaning of any n < 1, is GOMAXPROCS.
func WithThreads(n int) Option { return func(o *overrides) { o.threads = n } }

// WithNumerics sets the arithmetic that vectors come from. The default is
// [Exact]; a name that there isn't is refused when the model is opened.
func WithNumerics(n Numerics) Option { return func(o *overrides) { o.numerics = n } }

// WithReference has the checkpoint read as another library does than the one
// whose layout it has: PyLate's and Stanford's layouts are read as PyLate reads
// them, unless this is [SentenceTransformers]. What sentence-transformers 6 saved
// can't be read as [PyLate].
func WithReference(r Reference) Option { return func(o *overrides) { o.reference = r } }

// WithNormalization says whether vectors are made unit vectors, which all but some
// checkpoints in sentence-transformers' layout want.
func WithNormalization(on bool) Option { return func(o *overrides) { o.normalize = &on } }

// WithQueryLength sets the number of tokens at which a query is cut, and to
// which it is filled up when the model expands queries. It counts every token,
// those that the model adds included.
func WithQueryLength(n int) Option { return func(o *overrides) { o.queryLength = &n } }

// WithDocumentLength sets the number of tokens at which a document is cut. It
// counts every token, those that the model adds included. [MaxTokens] does the
// same for one call.
func WithDocumentLength(n int) Option { return func(o *overrides) { o.documentLength = &n } }

// WithExpansion turns query expansion on or off: filling short queries up with
// [MASK] tokens, each of which gives a vector of its own.
func WithExpansion(on bool) Option { return func(o *overrides) { o.expansion = &on } }

// WithExpansionToken sets the token that short queries are filled up with, "" for
// the tokenizer's mask token. It has no effect without expansion.
func WithExpansionToken(token string) Option {
	return func(o *overrides) { o.expansionToken = &token }
}

// WithAttendToExpansion says whether other tokens may attend to expansion
// tokens. It has no effect without expansion.
func WithAttendToExpansion(on bool) Option { return func(o *overrides) { o.attend = &on } }

// WithSkiplist sets the tokens whose vectors a document leaves out, as token
// strings of the vocabulary: "." is a full stop after a letter, "Ġof" the token
// " of". A string that is no token stands for [UNK] in PyLate, and for nothing in
// sentence-transformers. No words: nothing is left out.
func WithSkiplist(words []string) Option { return func(o *overrides) { o.skiplist = &words } }

// WithLowerCase turns lower-casing of every text before tokenisation on or off.
func WithLowerCase(on bool) Option { return func(o *overrides) { o.lower = &on } }

// WithQueryPrompt sets the text that is put before every query, "" for none.
func WithQueryPrompt(text string) Option { return func(o *overrides) { o.queryPrompt = &text } }

// WithDocumentPrompt sets the text that is put before every document, "" for none.
func WithDocumentPrompt(text string) Option { return func(o *overrides) { o.documentPrompt = &text } }

// WithQueryPrefix sets the token that marks a query, "" for none. It must be a
// token of the vocabulary. A checkpoint in sentence-transformers' layout has its
// markers in its prompts; there this is a text before the prompt.
func WithQueryPrefix(token string) Option { return func(o *overrides) { o.queryPrefix = &token } }

// WithDocumentPrefix sets the token that marks a document, "" for none, as
// [WithQueryPrefix] does for queries.
func WithDocumentPrefix(token string) Option {
	return func(o *overrides) { o.documentPrefix = &token }
}

// A RankOption changes one call of [Model.Rank].
type RankOption interface{ rank(*call) }

// An EncodeOption changes one call of [Model.EncodeDocuments] or [Model.Rank].
type EncodeOption interface {
	RankOption
	encode(*call)
}

// call holds the options of one call.
type call struct {
	topK       int // 0: all
	maxTokens  int // 0: the model's document length
	poolFactor int // 0: as the checkpoint says; 1: no pooling
	progress   func(done, total int)
}

type rankOption func(*call)

func (f rankOption) rank(c *call) { f(c) }

type encodeOption func(*call)

func (f encodeOption) rank(c *call)   { f(c) }
func (f encodeOption) encode(c *call) { f(c) }

// TopK keeps the k best hits. 0, the default, keeps all.
func TopK(k int) RankOption { return rankOption(func(c *call) { c.topK = k }) }

// MaxTokens sets the number of tokens at which a document is cut, in place of
// the model's document length. It counts every token, those that the model adds
// included. 0, the default, leaves the model's.
func MaxTokens(n int) EncodeOption { return encodeOption(func(c *call) { c.maxTokens = n }) }

// PoolFactor pools the vectors of each document: hierarchical clustering to one
// vector in factor, the first vector kept as it is. 1 means no pooling. 0, the
// default, is what the checkpoint says: none, unless sentence-transformers saved
// it with a module for that, whose other settings then hold for any factor.
func PoolFactor(factor int) EncodeOption {
	return encodeOption(func(c *call) { c.poolFactor = factor })
}

// Progress has f called after each document with the number done so far and the
// number in all: by one goroutine at a time, done growing by one from call to
// call. A slow f holds up this call, and no other. f must not close the model,
// which waits for the very call that waits for f.
func Progress(f func(done, total int)) EncodeOption {
	return encodeOption(func(c *call) { c.progress = f })
}
