// Package selftest checks what this machine computes: every kernel against its
// definition in float64, and the embedded model against token ids, vectors and
// scores that were recorded with the portable kernels.
package selftest

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/infer/simd"
)

// Report is the outcome of all checks.
type Report struct {
	Kernels string  `json:"kernels"` // the instruction set that is used outside of the checks
	Model   string  `json:"model"`
	Checks  []Check `json:"checks"`
	Failed  int     `json:"failed"`

	// Unrecorded is set if the recording is of another model, which was compared
	// with the portable kernels as they run instead.
	Unrecorded bool `json:"-"`
}

// A Check is one comparison with what was expected.
type Check struct {
	Kernels string  `json:"kernels"` // the instruction set that ran
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Worst   float64 `json:"worst"` // largest absolute difference
	Allowed float64 `json:"allowed"`
	Problem string  `json:"problem,omitempty"` // of the kind that is no difference of numbers
}

// Run makes all checks with every instruction set that this machine has. model is
// the embedded one.
func Run(ctx context.Context, model *edge.Model) (*Report, error) {
	expected, err := loadRecording()
	if err != nil {
		return nil, err
	}
	r := &Report{Kernels: simd.Name(), Model: model.Info().Name}
	if expected.Model != model.Info().Fingerprint {
		r.Unrecorded = true
		if expected, err = expected.portable(ctx, model); err != nil {
			return nil, err
		}
	}
	for _, set := range simd.Names() {
		if err := r.run(ctx, set, model, expected); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Record writes what this machine computes into a file, to be the recording.
func Record(ctx context.Context, model *edge.Model, path string) error {
	expected, err := loadRecording()
	if err != nil {
		return err
	}
	now, err := expected.compute(ctx, model)
	if err != nil {
		return err
	}
	return now.save(path)
}

// run makes all checks with one instruction set.
func (r *Report) run(ctx context.Context, set string, model *edge.Model, expected *recording) error {
	undo, err := simd.Use(set)
	if err != nil {
		return err
	}
	defer undo()
	for _, k := range kernelChecks {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.add(set, k.name, k.worst(rand.New(rand.NewPCG(1, 2))), k.allowed, nil)
	}
	now, err := expected.compute(ctx, model)
	if err != nil {
		return err
	}
	vector, score, problem := expected.differences(now)
	r.add(set, "vectors of the model", vector, vectorAllowed, problem)
	r.add(set, "scores of the model", score, scoreAllowed, problem)
	return nil
}

func (r *Report) add(set, name string, worst, allowed float64, problem error) {
	c := Check{Kernels: set, Name: name, OK: problem == nil && worst <= allowed, Worst: worst, Allowed: allowed}
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
