// Package conformance tells whether a machine computes what toller computes
// elsewhere. It is for machines that nobody has tested: a new phone, a browser,
// a processor with an instruction set of its own.
//
// [Check] holds each kernel of every instruction set against its definition in
// float64, and what a model makes of some texts, token ids, vectors and scores,
// against a recording made with the portable kernels.
package conformance

import (
	"context"
	"math"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/simd/check"
)

// Limits of the differences between a machine's kernels and the recorded ones.
const (
	vectorAllowed = 2e-5 // of a component of a unit vector
	scoreAllowed  = 1e-4
)

// A Report is the outcome of [Check].
type Report struct {
	Kernels string       `json:"kernels"` // the instruction set in use outside of the check
	Model   string       `json:"model"`
	Checks  []Comparison `json:"checks"`
	Failed  int          `json:"failed"` // how many of them

	// Unrecorded says that the recording is of another model than the one
	// checked, which was compared with itself on the portable kernels instead.
	Unrecorded bool `json:"unrecorded,omitempty"`
}

// A Comparison is one check of one instruction set.
type Comparison struct {
	Kernels string  `json:"kernels"` // the instruction set that ran
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Worst   float64 `json:"worst"` // largest absolute difference
	Allowed float64 `json:"allowed"`
	Problem string  `json:"problem,omitempty"` // of the kind that is no difference of numbers
}

// Check runs all checks on every instruction set of this machine, in a few
// seconds. The recording is of the model in edge/builtin. Meanwhile the whole
// process uses the set that is being checked. What a machine gets wrong is no
// error but in the report.
func Check(ctx context.Context, model *edge.Model) (*Report, error) {
	expected, err := Recorded()
	if err != nil {
		return nil, err
	}
	report := &Report{Kernels: simd.Name(), Model: model.Info().Name}
	if expected.Model != model.Info().Fingerprint {
		report.Unrecorded = true
		if expected, err = with("generic", func() (*Recording, error) { return expected.Compute(ctx, model) }); err != nil {
			return nil, err
		}
	}
	for _, set := range simd.Names() {
		results, err := check.Set(ctx, set)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			report.add(set, r.Name, r.Worst, r.Allowed, nil)
		}
		now, err := with(set, func() (*Recording, error) { return expected.Compute(ctx, model) })
		if err != nil {
			return nil, err
		}
		vector, score, problem := expected.differences(now)
		report.add(set, "vectors of the model", vector, vectorAllowed, problem)
		report.add(set, "scores of the model", score, scoreAllowed, problem)
	}
	return report, nil
}

// with runs do with an instruction set.
func with(set string, do func() (*Recording, error)) (*Recording, error) {
	undo, err := simd.Use(set)
	if err != nil {
		return nil, err
	}
	defer undo()
	return do()
}

func (r *Report) add(set, name string, worst, allowed float64, problem error) {
	c := Comparison{Kernels: set, Name: name, OK: problem == nil && worst <= allowed, Worst: worst, Allowed: allowed}
	if problem != nil {
		c.Problem = problem.Error()
	}
	if math.IsInf(worst, 1) { // JSON has no infinity
		c.Worst, c.Problem = 0, "a result is no number"
	}
	if !c.OK {
		r.Failed++
	}
	r.Checks = append(r.Checks, c)
}
