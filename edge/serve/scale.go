package serve

import "github.com/toller-search/toller/edge"

// A Scale is what scores are given as. The order of documents is the same by both.
type Scale string

const (
	// MaxSim is [edge.MaxSim]: rank's "score".
	MaxSim Scale = "maxsim"
	// Unit is [edge.MeanMaxSim], rank's "mean", within 0 and 1. Below 0 only what
	// has nothing to do with the query would be.
	Unit Scale = "unit"
)

func (s Scale) known() bool { return s == MaxSim || s == Unit }

func (s Scale) of(h edge.Hit) float32 {
	if s == Unit {
		return min(max(h.Mean, 0), 1)
	}
	return h.Score
}

// scale is that of an answer: the request's, else the server's, else the dialect's.
func (c *call) scale(dialect Scale) (Scale, *refusal) {
	parameter := c.request.URL.Query().Get("scores")
	switch {
	case parameter == "" && c.server.options.Scores != "":
		return c.server.options.Scores, nil
	case parameter == "":
		return dialect, nil
	case Scale(parameter).known():
		return Scale(parameter), nil
	}
	return "", invalid("scores", "expected %q or %q, found %q", MaxSim, Unit, parameter)
}
